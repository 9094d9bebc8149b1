using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;

namespace CtSeg.Scans;

/// <summary>The marker of a scan that has no result, as listed.</summary>
/// <param name="Replays">How often an operator had asked for it again.</param>
/// <param name="Since">When it was taken in or asked for again, UTC.</param>
public sealed record WaitingScan(ScanId ScanId, int Replays, DateTime Since, ETag ETag)
{
    /// <value>Before it, UTC, nothing is to be looked for; null where nobody has looked yet.</value>
    public DateTime? NotBefore { get; init; }

    /// <value>The last look found no status that waits, or none that it could read.</value>
    public bool IsUnread { get; init; }
}

/// <summary>
/// An empty blob for every scan that waits for its result, so that those are found without listing every scan there ever
/// was. A marker is there before the status says that the scan waits, and goes after the status says that it has ended: it
/// may be left over, but never missing (older versions made none: <see cref="UnmarkedScans"/>). Each replay has a marker of its own, so that removing the
/// one before cannot hide it.
/// </summary>
public sealed class WaitingScans
{
    private const string Since = "since";
    private const string NotBefore = "notBefore";
    private const string Unread = "unread";
    private readonly BlobContainerClient _container;

    /// <param name="container">That of the statuses.</param>
    internal WaitingScans(BlobContainerClient container) => _container = container;

    /// <summary>All markers, in the order of the scans' ids.</summary>
    public async IAsyncEnumerable<WaitingScan> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var options = new GetBlobsOptions { Traits = BlobTraits.Metadata, Prefix = BlobPaths.WaitingScans };
        await foreach (var blob in _container.GetBlobsAsync(options, cancellationToken))
            if (TryRead(blob, out var waiting))
                yield return waiting;
    }

    /// <summary>Removes a marker that was left over, if nobody wrote it meanwhile.</summary>
    public async Task RemoveLeftOverAsync(WaitingScan waiting, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(waiting);
        try
        {
            var conditions = new BlobRequestConditions { IfMatch = waiting.ETag };
            await BlobOf(waiting.ScanId, waiting.Replays).DeleteIfExistsAsync(conditions: conditions, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
        {
            // It is in use again.
        }
    }

    /// <summary>Notes that there is nothing to look for before a time; does nothing where the scan has ended or was marked anew meanwhile.</summary>
    /// <param name="notBefore">UTC.</param>
    /// <param name="isUnread">No status that waits was found, or none that can be read.</param>
    public async Task PostponeAsync(WaitingScan waiting, DateTime notBefore, CancellationToken cancellationToken, bool isUnread = false)
    {
        ArgumentNullException.ThrowIfNull(waiting);
        try
        {
            var metadata = MetadataOf(waiting.Since);
            metadata[NotBefore] = Text(notBefore);
            if (isUnread)
                metadata[Unread] = "true";
            await BlobOf(waiting.ScanId, waiting.Replays).SetMetadataAsync(metadata, new BlobRequestConditions { IfMatch = waiting.ETag }, cancellationToken);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e) || BlobAnswers.IsNotThere(e))
        {
            // Its writers know better.
        }
    }

    /// <returns>False where it was there already: perhaps left over, and about to be removed.</returns>
    internal Task<bool> TryAddAsync(ScanStatus status, CancellationToken cancellationToken) =>
        TryAddAsync(status.ScanId, status.Replays, SinceOf(status), cancellationToken);

    internal async Task<bool> TryAddAsync(ScanId scan, int replays, DateTime since, CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(scan, replays, since, new BlobRequestConditions { IfNoneMatch = ETag.All }, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
        {
            return false;
        }
    }

    internal Task PutAsync(ScanStatus status, CancellationToken cancellationToken) =>
        WriteAsync(status.ScanId, status.Replays, SinceOf(status), null, cancellationToken);

    internal async Task RemoveAsync(ScanStatus ended, CancellationToken cancellationToken)
    {
        try
        {
            await BlobOf(ended.ScanId, ended.Replays).DeleteIfExistsAsync(cancellationToken: cancellationToken);
        }
        catch (Exception e) when (BlobAnswers.FaultIn(e) is not null)
        {
            // The scan has ended and that is stored: the next look at waiting scans removes the marker.
        }
    }

    private async Task WriteAsync(ScanId scan, int replays, DateTime since, BlobRequestConditions? conditions, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions { Conditions = conditions, Metadata = MetadataOf(since) };
        await BlobOf(scan, replays).UploadAsync(BinaryData.Empty, options, cancellationToken);
    }

    private static DateTime SinceOf(ScanStatus status) =>
        status.WaitsSince ?? throw new ArgumentException($"The scan {status.ScanId} has ended.", nameof(status));

    private BlobClient BlobOf(ScanId scan, int replays) => _container.GetBlobClient(BlobPaths.WaitingScan(scan, replays));

    private static bool TryRead(BlobItem blob, out WaitingScan waiting)
    {
        waiting = null!;
        if (blob.Name[BlobPaths.WaitingScans.Length..].Split('.') is not [var id, var count]
            || !ScanId.TryParse(id, out var scan) || !int.TryParse(count, CultureInfo.InvariantCulture, out var replays)
            || TimeOf(blob, Since) is not { } since
            || blob.Properties.ETag is not { } etag)
            return false;
        waiting = new WaitingScan(scan, replays, since, etag) { NotBefore = TimeOf(blob, NotBefore), IsUnread = blob.Metadata.ContainsKey(Unread) };
        return true;
    }

    private static Dictionary<string, string> MetadataOf(DateTime since) => new() { [Since] = Text(since) };

    private static string Text(DateTime time) => time.ToString("O", CultureInfo.InvariantCulture);

    private static DateTime? TimeOf(BlobItem blob, string name) =>
        blob.Metadata.TryGetValue(name, out var text) && DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time) ? time : null;
}
