using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.Recovery;

/// <summary>A dead letter in the archive, as a listing tells it.</summary>
/// <param name="Name">Id of the request, or of the message where it was none.</param>
/// <param name="ArchivedAt">UTC.</param>
public sealed record ArchivedLetter(string Name, ETag ETag, DateTime ArchivedAt)
{
    /// <value>That it was sent to.</value>
    public string Queue { get; init; } = Queues.SegmentationRequests;
    public string? Reason { get; init; }
    public string? Description { get; init; }
    public int Deliveries { get; init; }
    public int Replays { get; init; }
}

/// <summary>Dead letters that were taken from their queue, in <see cref="Containers.Audit"/>.</summary>
public sealed class LetterArchive(BlobContainerClient audit)
{
    private const int MaxNameLength = 100;

    /// <param name="eventId">Of the event in it, if it holds one.</param>
    /// <returns>The blob's name.</returns>
    public async Task<string> StoreAsync(DeadLetter letter, string? eventId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(letter);
        var options = new BlobUploadOptions
        {
            HttpHeaders = new BlobHttpHeaders { ContentType = eventId is null ? "text/plain; charset=utf-8" : "application/json" },
            Metadata = MetadataOf(letter),
        };
        var blob = BlobPaths.DeadLetter(eventId ?? Safe($"{letter.MessageId}-{letter.SequenceNumber}"));
        await audit.GetBlobClient(blob).UploadAsync(BinaryData.FromString(letter.Body), options, cancellationToken);
        return blob;
    }

    public IAsyncEnumerable<ArchivedLetter> ListAsync(CancellationToken cancellationToken) => ListAsync("", cancellationToken);

    /// <param name="start">Of their names.</param>
    public async IAsyncEnumerable<ArchivedLetter> ListAsync(string start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Past the records of what was discarded, which are few.
        var options = new GetBlobsOptions { Prefix = BlobPaths.DeadLetters + start, Traits = BlobTraits.Metadata };
        await foreach (var blob in audit.GetBlobsAsync(options, cancellationToken))
        {
            var name = blob.Name[BlobPaths.DeadLetters.Length..];
            if (name.Contains('/', StringComparison.Ordinal) || !name.EndsWith(".json", StringComparison.Ordinal) || blob.Properties.ETag is not { } etag)
                continue;
            yield return new ArchivedLetter(name[..^".json".Length], etag, blob.Properties.LastModified?.UtcDateTime ?? default)
            {
                // Older ones are all of one queue and do not say so.
                Queue = MetadataText.Find(blob.Metadata, "queue") ?? Queues.SegmentationRequests,
                Reason = MetadataText.Find(blob.Metadata, "reason"),
                Description = MetadataText.Find(blob.Metadata, "description"),
                Deliveries = Number(blob.Metadata, "deliveries"),
                Replays = Number(blob.Metadata, "replays"),
            };
        }
    }

    /// <returns>The message's body; null when it is not there any more.</returns>
    public async Task<BinaryData?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await audit.GetBlobClient(BlobPaths.DeadLetter(name)).DownloadContentAsync(cancellationToken)).Value.Content;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return null;
        }
    }

    /// <summary>Removes a letter, unless it was archived anew since it was listed.</summary>
    public async Task<LetterRemoval> RemoveAsync(ArchivedLetter letter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(letter);
        try
        {
            return await audit.GetBlobClient(BlobPaths.DeadLetter(letter.Name))
                .DeleteIfExistsAsync(conditions: new BlobRequestConditions { IfMatch = letter.ETag }, cancellationToken: cancellationToken)
                ? LetterRemoval.Removed : LetterRemoval.Gone;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
        {
            return LetterRemoval.Stayed;
        }
    }

    /// <summary>Removes a letter, whichever lies there.</summary>
    public async Task RemoveAsync(string name, CancellationToken cancellationToken) =>
        await audit.GetBlobClient(BlobPaths.DeadLetter(name)).DeleteIfExistsAsync(cancellationToken: cancellationToken);

    private static Dictionary<string, string> MetadataOf(DeadLetter letter)
    {
        var metadata = new Dictionary<string, string>
        {
            ["queue"] = letter.Queue,
            ["reason"] = MetadataText.Escape(letter.Reason is { Length: > 0 } said ? said : "unknown"),
            ["deliveries"] = letter.Deliveries.ToString(CultureInfo.InvariantCulture),
            ["replays"] = letter.Replays.ToString(CultureInfo.InvariantCulture),
        };
        if (letter.Description is { Length: > 0 } description)
            metadata["description"] = MetadataText.Escape(description);
        return metadata;
    }

    private static int Number(IDictionary<string, string> metadata, string name) =>
        metadata.TryGetValue(name, out var text) && int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;

    // A message id is anybody's text and becomes part of a blob name.
    private static string Safe(string id)
    {
        var name = new StringBuilder();
        foreach (var c in id.AsSpan(0, Math.Min(id.Length, MaxNameLength)))
            name.Append(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-');
        return name.ToString();
    }
}
