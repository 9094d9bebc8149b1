using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Recovery;

namespace CtSeg.TrainingJob.Letters;

/// <summary>Where Event Grid leaves the news of uploads that the functions did not take.</summary>
internal sealed class UndeliveredEvents(BlobContainerClient container) : ILetterSource
{
    /// <summary>An event has 1 MB at most, and so have those that are delivered together; the rest is for what Event Grid adds to them.</summary>
    public const long MaxBytes = 2 * 1024 * 1024;

    public string Place => Containers.UndeliveredEvents;

    public string IdStart => $"{Place}/";

    /// <remarks>Nothing here names a scan.</remarks>
    public bool MayHold(LetterFilter filter) => filter.Scan is null && (filter.Queue ?? Place) == Place;

    public Task<IReadOnlyList<FoundLetter>> FindAsync(CancellationToken cancellationToken) => ListAsync(start: null, cancellationToken);

    public async Task<FoundLetter?> FindAsync(string id, CancellationToken cancellationToken) =>
        (await ListAsync(id[IdStart.Length..], cancellationToken)).FirstOrDefault(letter => letter.Id == id);

    public async Task<IReadOnlyList<FoundLetter>> TakeAsync(
        IReadOnlyList<FoundLetter> letters, Func<FoundLetter, CancellationToken, Task<bool>> settle, Action<FoundLetter, LetterRemoval>? removed,
        CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(letters, Parallelism.Of(cancellationToken), async (letter, token) =>
        {
            if (await settle(letter, token))
            {
                var isRemoved = (await container.GetBlobClient(letter.MessageId).DeleteIfExistsAsync(cancellationToken: token)).Value;
                removed?.Invoke(letter, isRemoved ? LetterRemoval.Removed : LetterRemoval.Gone);
            }
        });
        return [];
    }

    /// <param name="start">Of their names.</param>
    private async Task<IReadOnlyList<FoundLetter>> ListAsync(string? start, CancellationToken cancellationToken)
    {
        var blobs = new List<BlobItem>();
        try
        {
            await foreach (var blob in container.GetBlobsAsync(new GetBlobsOptions { Prefix = start }, cancellationToken))
                blobs.Add(blob);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            // Only systems with Event Grid have it.
        }
        var found = new FoundLetter?[blobs.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, blobs.Count), Parallelism.Of(cancellationToken), async (at, token) => found[at] = await DescribeAsync(blobs[at], token));
        return [.. found.OfType<FoundLetter>()];
    }

    /// <returns>Null where it is gone.</returns>
    private async Task<FoundLetter?> DescribeAsync(BlobItem blob, CancellationToken cancellationToken)
    {
        if (blob.Properties.ContentLength is > MaxBytes and var length)
        {
            return LetterOf(blob, "too-large") with
            {
                Description = string.Create(CultureInfo.InvariantCulture, $"It has {length} bytes."),
                UnreadLength = length,
                Body = _ => Task.FromResult<BinaryData?>(null),
            };
        }
        if (await ReadAsync(blob.Name, cancellationToken) is not { } body)
            return null;
        var news = UploadNews.OfUndelivered(body, out var cause, out var deliveries);
        return LetterOf(blob, cause) with { Deliveries = deliveries, Handle = news };
    }

    private FoundLetter LetterOf(BlobItem blob, string? cause) => new(
        $"{IdStart}{blob.Name}", LetterKind.Upload, Place, Place, LetterCause.Of(cause), blob.Properties.LastModified?.UtcDateTime ?? default)
    {
        MessageId = blob.Name,
        Body = token => ReadAsync(blob.Name, token),
    };

    private async Task<BinaryData?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await container.GetBlobClient(name).DownloadContentAsync(cancellationToken)).Value.Content;
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            return null;
        }
    }
}
