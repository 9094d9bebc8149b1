using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Telemetry;

namespace CtSeg.Scans;

/// <summary>
/// The status documents. Every write is conditional on the ETag that was read, so that of two writers one notices. State
/// and name are also kept as blob metadata: a list of scans is then one listing instead of a read for each.
/// </summary>
public sealed class StatusStore(BlobContainerClient container)
{
    private const int MaxConflicts = 10;

    /// <value>The scans without a result; every write here keeps them.</value>
    public WaitingScans Waiting { get; } = new(container);

    /// <summary>Marks the scans that waited before there were markers; of use once, after an upgrade.</summary>
    /// <param name="isTimeUp">Asked from time to time; the next call goes on.</param>
    internal Task MarkOlderAsync(Func<bool> isTimeUp, CancellationToken cancellationToken) =>
        new UnmarkedScans(container, this).MarkAsync(isTimeUp, cancellationToken);

    /// <returns>Null when the scan is unknown.</returns>
    public async Task<StoredStatus?> FindAsync(ScanId scan, CancellationToken cancellationToken) =>
        await ConditionalBlob.FindAsync(BlobOf(scan), cancellationToken) is { } found ? new StoredStatus(Parse(found.Content), found.ETag) : null;

    /// <returns>Null when a document for this scan exists already.</returns>
    public Task<StoredStatus?> TryCreateAsync(ScanStatus status, CancellationToken cancellationToken) =>
        WriteAsync(status, replaces: null, cancellationToken);

    /// <returns>Null when somebody else changed the document since it was read.</returns>
    public Task<StoredStatus?> TryReplaceAsync(StoredStatus read, ScanStatus status, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(status);
        return WriteAsync(status, read, cancellationToken);
    }

    /// <summary>Reads, changes and writes until no other writer came between.</summary>
    /// <param name="change">The new status, or null to leave the document as it is.</param>
    /// <returns>The document as it stands afterwards and whether this call wrote it; null when the scan is unknown.</returns>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public async Task<(StoredStatus Stored, bool Written)?> ChangeAsync(
        ScanId scan, Func<ScanStatus, ScanStatus?> change, CancellationToken cancellationToken)
    {
        return await FindAsync(scan, cancellationToken) is { } read ? await ChangeAsync(read, change, cancellationToken) : null;
    }

    /// <summary>The same for a document that was just read or written: without another writer it costs one request.</summary>
    /// <exception cref="InvalidOperationException">Other writers came first every time, or somebody removed the document.</exception>
    public async Task<(StoredStatus Stored, bool Written)> ChangeAsync(
        StoredStatus read, Func<ScanStatus, ScanStatus?> change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(change);
        var scan = read.Status.ScanId;
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            if (change(read.Status) is not { } status)
                return (read, false);
            if (await TryReplaceAsync(read, status, cancellationToken) is { } written)
                return (written, true);
            read = await FindAsync(scan, cancellationToken)
                ?? throw new InvalidOperationException($"The status of scan {scan} was removed while it was being changed.");
        }
        throw new InvalidOperationException($"The status of scan {scan} changed under {MaxConflicts} attempts to write it.");
    }

    /// <summary>All scans, in the order of their ids.</summary>
    public async IAsyncEnumerable<ScanListing> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var blob in container.GetBlobsAsync(Documents, cancellationToken))
        {
            if (IsMarker(blob))
                yield break;
            if (TryReadListing(blob, out var listing))
                yield return listing;
        }
    }

    /// <param name="pageSize">1 to 5,000.</param>
    /// <param name="continuation">From the page before; null for the first.</param>
    public async Task<ScanPage> ListPageAsync(int pageSize, string? continuation, CancellationToken cancellationToken)
    {
        var pages = container.GetBlobsAsync(Documents, cancellationToken).AsPages(continuation, pageSize);
        await foreach (var page in pages)
        {
            var scans = new List<ScanListing>(page.Values.Count);
            foreach (var blob in page.Values)
            {
                if (IsMarker(blob))
                    return new ScanPage(scans, null);
                if (TryReadListing(blob, out var listing))
                    scans.Add(listing);
            }
            return new ScanPage(scans, string.IsNullOrEmpty(page.ContinuationToken) ? null : page.ContinuationToken);
        }
        return new ScanPage([], null);
    }

    // Not by folders: ids sort before the markers' folder, so that a flat listing that ends at the first marker reads no more.
    private static GetBlobsOptions Documents => new() { Traits = BlobTraits.Metadata };

    private static bool IsMarker(BlobItem blob) => blob.Name.StartsWith(BlobPaths.WaitingScans, StringComparison.Ordinal);

    private BlobClient BlobOf(ScanId scan) => container.GetBlobClient(BlobPaths.Status(scan));

    private async Task<StoredStatus?> WriteAsync(ScanStatus status, StoredStatus? replaces, CancellationToken cancellationToken)
    {
        var waited = replaces is { Status.IsTerminal: false };
        var isMarked = status.IsTerminal || waited || await Waiting.TryAddAsync(status, cancellationToken);
        var content = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(status, ContractsJson.Default.ScanStatus));
        if (await ConditionalBlob.TryWriteAsync(BlobOf(status.ScanId), content, replaces?.ETag, cancellationToken, metadata: MetadataOf(status)) is not { } written)
            return null;
        // A marker that was there before may have been taken for a leftover until now.
        if (!isMarked)
            await Waiting.PutAsync(status, cancellationToken);
        if (status.IsTerminal && waited)
            await Waiting.RemoveAsync(status, cancellationToken);
        // A state that is entered counts once it is written.
        if (replaces is null || status.Timeline.Count > replaces.Status.Timeline.Count)
            Meters.Entered(status);
        return new StoredStatus(status, written.ETag);
    }

    private static ScanStatus Parse(BinaryData content) =>
        JsonSerializer.Deserialize(content.ToMemory().Span, ContractsJson.Default.ScanStatus)
        ?? throw new JsonException("A status document is null.");

    // Metadata travels in HTTP headers, ASCII only and 8 KiB in all: percent signs would make 9 characters of one.
    private static Dictionary<string, string> MetadataOf(ScanStatus status)
    {
        var metadata = new Dictionary<string, string>
        {
            ["state"] = status.State.ToString(),
            ["attempt"] = status.Attempt.ToString(CultureInfo.InvariantCulture),
            ["changed"] = status.LastChange.ToString("O", CultureInfo.InvariantCulture),
            ["blob"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(status.BlobName)),
        };
        if (status.Failure is { } failure)
            metadata["failure"] = failure.Reason.ToString();
        if (status.Replays is > 0 and var replays)
            metadata["replays"] = replays.ToString(CultureInfo.InvariantCulture);
        return metadata;
    }

    private static bool TryReadListing(BlobItem blob, out ScanListing listing)
    {
        listing = null!;
        if (!ScanId.TryParse(Path.GetFileNameWithoutExtension(blob.Name), out var scan)
            || !blob.Metadata.TryGetValue("state", out var stateText) || !Enum.TryParse<ScanState>(stateText, out var state)
            || !blob.Metadata.TryGetValue("attempt", out var attemptText) || !int.TryParse(attemptText, CultureInfo.InvariantCulture, out var attempt)
            || !TryReadName(blob.Metadata, out var blobName)
            || !blob.Metadata.TryGetValue("changed", out var changedText)
            || !DateTime.TryParse(changedText, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var changed))
            return false;
        listing = new ScanListing(scan, blobName, state, attempt, changed)
        {
            Failure = blob.Metadata.TryGetValue("failure", out var failure) && Enum.TryParse<FailureReason>(failure, out var reason) ? reason : null,
            Replays = blob.Metadata.TryGetValue("replays", out var text) && int.TryParse(text, CultureInfo.InvariantCulture, out var replays) ? replays : 0,
        };
        return true;
    }

    private static bool TryReadName(IDictionary<string, string> metadata, out string blobName)
    {
        var encoded = metadata.TryGetValue("blob", out var text) ? text : "";
        var bytes = new byte[encoded.Length];
        blobName = Convert.TryFromBase64String(encoded, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : "";
        return blobName.Length > 0;
    }
}
