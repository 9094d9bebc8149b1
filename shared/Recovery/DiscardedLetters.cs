using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Erasure;
using CtSeg.Scans;

namespace CtSeg.Recovery;

/// <summary>A dead letter that an operator removes for good.</summary>
/// <param name="Id">As operators know it.</param>
/// <param name="Queue">Where it belonged.</param>
/// <param name="Place">Where it lay.</param>
/// <param name="Time">When it was sent or archived, UTC.</param>
/// <param name="By">Who removes it.</param>
/// <param name="Reason">Why.</param>
public sealed record DiscardedLetter(string Id, string Queue, string Place, string Cause, DateTime Time, string By, string Reason)
{
    public ScanId? Scan { get; init; }
    public string? Description { get; init; }
    /// <value>That it asked for; null where it is no request of a scan.</value>
    public int? Attempt { get; init; }
    /// <value>Of a body that is not kept: by that the letter can be recognised; null where it was not read.</value>
    public string? Sha256 { get; init; }
    /// <value>Bytes of a body that is not kept.</value>
    public long? Length { get; init; }
}

/// <summary>The same, as a listing tells it.</summary>
/// <param name="StoredAt">UTC; storage tells whole seconds.</param>
public sealed record DiscardedListing(string Id, string Queue, ScanId? Scan, DateTime StoredAt)
{
    /// <inheritdoc cref="DiscardedLetter.Attempt"/>
    public int? Attempt { get; init; }
}

/// <summary>
/// The records of letters that operators removed, among the archived letters in <see cref="Containers.Audit"/>, where erasures look: what, who, when and why, and the
/// body where it names nothing but ids.
/// </summary>
public sealed class DiscardedLetters(BlobServiceClient storage, TimeProvider time)
{
    /// <value>Of a reason: nothing of it is cut off.</value>
    public const int MaxReasonLength = 300;

    private const string NoScan = "letter";
    private readonly BlobContainerClient _audit = storage.GetBlobContainerClient(Containers.Audit);
    private readonly ErasedScans _erased = new(storage);

    /// <summary>To be called before the letter is removed. A record that a process left which was killed in between stays as it is.</summary>
    /// <param name="body">Null where it is not kept.</param>
    public async Task RecordAsync(DiscardedLetter letter, BinaryData? body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(letter);
        var name = BlobPaths.DiscardedLetter(NameOf(letter));
        var options = new BlobUploadOptions
        {
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            HttpHeaders = new BlobHttpHeaders { ContentType = "text/plain; charset=utf-8" },
            Metadata = MetadataOf(letter),
        };
        try
        {
            await _audit.GetBlobClient(name).UploadAsync(body ?? BinaryData.FromString(""), options, cancellationToken);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
        {
            // See above.
        }
        if (letter.Scan is { } scan)
            await _erased.TakeBackAsync(scan, Containers.Audit, name, cancellationToken);
    }

    public IAsyncEnumerable<DiscardedListing> ListAsync(CancellationToken cancellationToken) => ListAsync("", cancellationToken);

    /// <summary>Those of one scan.</summary>
    public IAsyncEnumerable<DiscardedListing> ListAsync(ScanId scan, CancellationToken cancellationToken) => ListAsync($"{scan}-", cancellationToken);

    /// <param name="start">Of their names.</param>
    private async IAsyncEnumerable<DiscardedListing> ListAsync(string start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var options = new GetBlobsOptions { Prefix = BlobPaths.DiscardedLetters + start, Traits = BlobTraits.Metadata };
        await foreach (var blob in _audit.GetBlobsAsync(options, cancellationToken))
        {
            var name = blob.Name[BlobPaths.DiscardedLetters.Length..];
            yield return new DiscardedListing(
                MetadataText.Find(blob.Metadata, "id") ?? "", MetadataText.Find(blob.Metadata, "queue") ?? "",
                ScanId.TryParse(name.Split('-')[0], out var scan) ? scan : null, blob.Properties.LastModified?.UtcDateTime ?? default)
            {
                Attempt = int.TryParse(MetadataText.Find(blob.Metadata, "attempt"), CultureInfo.InvariantCulture, out var attempt) ? attempt : null,
            };
        }
    }

    private Dictionary<string, string> MetadataOf(DiscardedLetter letter)
    {
        var metadata = new Dictionary<string, string>
        {
            ["id"] = MetadataText.Escape(letter.Id),
            ["queue"] = MetadataText.Escape(letter.Queue),
            ["place"] = MetadataText.Escape(letter.Place),
            ["cause"] = MetadataText.Escape(letter.Cause),
            ["time"] = letter.Time.ToString("O", CultureInfo.InvariantCulture),
            ["by"] = MetadataText.Escape(letter.By),
            ["reason"] = MetadataText.Escape(letter.Reason, int.MaxValue),
            ["discarded"] = time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        };
        if (letter.Description is { Length: > 0 } description)
            metadata["description"] = MetadataText.Escape(description);
        if (letter.Attempt is { } attempt)
            metadata["attempt"] = attempt.ToString(CultureInfo.InvariantCulture);
        if (letter.Sha256 is { } sha256)
            metadata["sha256"] = sha256;
        if (letter.Length is { } length)
            metadata["length"] = length.ToString(CultureInfo.InvariantCulture);
        return metadata;
    }

    /// <summary>The same letter has the same name; the scan is in front, by which an erasure finds what has no body.</summary>
    private static string NameOf(DiscardedLetter letter)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{letter.Id}\n{letter.Time:O}")));
        return $"{letter.Scan?.ToString() ?? NoScan}-{Convert.ToHexStringLower(hash)[..16]}";
    }
}
