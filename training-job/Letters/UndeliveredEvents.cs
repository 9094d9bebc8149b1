using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Recovery;

namespace CtSeg.TrainingJob.Letters;

/// <summary>Where Event Grid leaves the news of uploads that the functions did not take.</summary>
internal sealed class UndeliveredEvents(BlobContainerClient container) : ILetterSource
{
    public string Place => Containers.UndeliveredEvents;

    public async Task<IReadOnlyList<FoundLetter>> FindAsync(CancellationToken cancellationToken)
    {
        var found = new List<FoundLetter>();
        try
        {
            await foreach (var blob in container.GetBlobsAsync(new GetBlobsOptions(), cancellationToken))
                if (await DescribeAsync(blob, cancellationToken) is { } letter)
                    found.Add(letter);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            // Only systems with Event Grid have it.
        }
        return found;
    }

    public async Task<IReadOnlyList<FoundLetter>> TakeAsync(
        IReadOnlyList<FoundLetter> letters, Func<FoundLetter, CancellationToken, Task<ReplayOutcome>> send, CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(letters, Parallelism.Of(cancellationToken), async (letter, token) =>
        {
            if ((await send(letter, token)).EndsLetter())
                await container.GetBlobClient(letter.MessageId).DeleteIfExistsAsync(cancellationToken: token);
        });
        return [];
    }

    private async Task<FoundLetter?> DescribeAsync(BlobItem blob, CancellationToken cancellationToken)
    {
        if (await ReadAsync(blob.Name, cancellationToken) is not { } body)
            return null;
        var news = UploadNews.OfUndelivered(body, out var cause, out var deliveries);
        return new FoundLetter(
            $"{Place}/{blob.Name}", LetterKind.Upload, Place, Place, LetterCause.Of(cause), blob.Properties.LastModified?.UtcDateTime ?? default)
        {
            MessageId = blob.Name,
            Deliveries = deliveries,
            Handle = news,
            Body = token => ReadAsync(blob.Name, token),
        };
    }

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
