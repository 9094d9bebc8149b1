using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Erasure;
using CtSeg.Scans;

namespace CtSeg.TrainingRuns;

/// <summary>A checkpoint as read, with the ETag that its replacement must match.</summary>
public sealed record StoredCheckpoint(BinaryData Content, ETag ETag);

/// <summary>
/// <c>training-runs/{id}/checkpoint.safetensors</c>: replaced after every epoch, by conditional writes only, so that a job that lost the run cannot
/// overwrite what its successor wrote.
/// </summary>
public sealed class TrainingCheckpointStore(BlobServiceClient storage)
{
    private const string OwnerMetadata = "owner";
    private readonly BlobContainerClient _runs = storage.GetBlobContainerClient(Containers.TrainingRuns);

    /// <summary>Reads the checkpoint and keeps its former writer from replacing it.</summary>
    /// <param name="owner">Who has claimed the run.</param>
    /// <returns>Null where the run has none yet.</returns>
    public async Task<StoredCheckpoint?> TakeAsync(string run, string owner, CancellationToken cancellationToken)
    {
        var blob = BlobOf(run);
        try
        {
            await blob.SetMetadataAsync(new Dictionary<string, string> { [OwnerMetadata] = owner }, cancellationToken: cancellationToken);
            var answer = await blob.DownloadContentAsync(cancellationToken);
            return new StoredCheckpoint(answer.Value.Content, answer.Value.Details.ETag);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return null;
        }
    }

    /// <param name="last">ETag of what this owner read or wrote last; null where it found none.</param>
    /// <returns>Null when somebody else wrote or removed it since.</returns>
    public async Task<ETag?> TryReplaceAsync(string run, string owner, BinaryData content, ETag? last, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Conditions = last is { } known ? new BlobRequestConditions { IfMatch = known } : new BlobRequestConditions { IfNoneMatch = ETag.All },
            Metadata = new Dictionary<string, string> { [OwnerMetadata] = owner },
        };
        try
        {
            return (await BlobOf(run).UploadAsync(content, options, cancellationToken)).Value.ETag;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e) || BlobAnswers.IsNotThere(e))
        {
            return null;
        }
    }

    /// <summary>Removes it with what an account keeps beside it: on one with versions, the weights after every epoch.</summary>
    public Task DeleteAsync(string run, CancellationToken cancellationToken) =>
        BlobRemoval.RemoveAsync(_runs, BlobPaths.TrainingCheckpoint(run), cancellationToken);

    private BlobClient BlobOf(string run) => _runs.GetBlobClient(BlobPaths.TrainingCheckpoint(run));
}
