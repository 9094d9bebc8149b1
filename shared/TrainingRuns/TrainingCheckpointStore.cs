using System.Net;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Scans;

namespace CtSeg.TrainingRuns;

/// <summary>A checkpoint as read, with the ETag that its replacement must match.</summary>
/// <param name="IsWhole">The content has the hash that it was written with.</param>
public sealed record StoredCheckpoint(BinaryData Content, ETag ETag, bool IsWhole);

/// <summary>
/// <c>training-runs/{id}/checkpoint.safetensors</c>: replaced after every epoch, by conditional writes only, so that a job that lost the run cannot
/// overwrite what its successor wrote.
/// </summary>
public sealed class TrainingCheckpointStore(BlobServiceClient storage)
{
    private const string OwnerMetadata = "owner";
    private const string HashMetadata = "sha256";
    private const int MaxConflicts = 10;
    private readonly BlobContainerClient _runs = storage.GetBlobContainerClient(Containers.TrainingRuns);

    /// <summary>Reads the checkpoint and keeps its former writer from replacing it.</summary>
    /// <param name="owner">Who has claimed the run.</param>
    /// <returns>Null where the run has none yet.</returns>
    /// <exception cref="IOException">Others took or wrote it every time.</exception>
    public async Task<StoredCheckpoint?> TakeAsync(string run, string owner, CancellationToken cancellationToken)
    {
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            try
            {
                return await TakeAsync(BlobOf(run), owner, cancellationToken);
            }
            catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
            {
                return null;
            }
            catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
            {
                // Another's write, or our own whose answer was lost.
            }
        }
        throw new IOException($"The checkpoint of training run {run} changed under {MaxConflicts} attempts to read it.");
    }

    /// <param name="last">ETag of what this owner read or wrote last; null where it found none.</param>
    /// <returns>Null when somebody else wrote or removed it since.</returns>
    public async Task<ETag?> TryReplaceAsync(string run, string owner, BinaryData content, ETag? last, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        var options = new BlobUploadOptions
        {
            Conditions = last is { } known ? new BlobRequestConditions { IfMatch = known } : new BlobRequestConditions { IfNoneMatch = ETag.All },
            Metadata = Metadata(owner, ContentHash.Of(content.ToMemory().Span)),
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

    /// <summary>
    /// Removes it with what an account keeps beside it: on one with versions, the weights after every epoch. Who may not delete versions leaves them to
    /// the account's lifecycle rule: no run may be kept from its end by them.
    /// </summary>
    public async Task DeleteAsync(string run, CancellationToken cancellationToken)
    {
        try
        {
            await BlobRemoval.RemoveAsync(_runs, BlobPaths.TrainingCheckpoint(run), cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == (int)HttpStatusCode.Forbidden)
        {
            await BlobOf(run).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken);
        }
    }

    private static async Task<StoredCheckpoint> TakeAsync(BlobClient blob, string owner, CancellationToken cancellationToken)
    {
        var found = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
        var hash = found.Metadata.TryGetValue(HashMetadata, out var written) ? written : null;
        // Metadata are replaced as a whole: the hash must be that of what lies there still.
        var taken = await blob.SetMetadataAsync(Metadata(owner, hash), new BlobRequestConditions { IfMatch = found.ETag }, cancellationToken);
        var unchanged = new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfMatch = taken.Value.ETag } };
        var answer = (await blob.DownloadContentAsync(unchanged, cancellationToken)).Value;
        return new StoredCheckpoint(answer.Content, answer.Details.ETag, ContentHash.Of(answer.Content.ToMemory().Span) == hash);
    }

    private static Dictionary<string, string> Metadata(string owner, string? hash)
    {
        var metadata = new Dictionary<string, string> { [OwnerMetadata] = owner };
        if (hash is not null)
            metadata[HashMetadata] = hash;
        return metadata;
    }

    private BlobClient BlobOf(string run) => _runs.GetBlobClient(BlobPaths.TrainingCheckpoint(run));
}
