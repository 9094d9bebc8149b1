using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.TrainingRuns;

/// <summary><c>training-runs/active.json</c>: created and deleted by conditional writes only, never replaced.</summary>
internal sealed class ActiveRunStore(BlobServiceClient storage)
{
    private readonly BlobClient _blob = storage.GetBlobContainerClient(Containers.TrainingRuns).GetBlobClient(BlobPaths.ActiveTrainingRun);

    /// <param name="Active">Null where the document cannot be read.</param>
    public sealed record Stored(ActiveTrainingRun? Active, ETag ETag);

    public async Task<Stored?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _blob.DownloadContentAsync(cancellationToken);
            return new Stored(Parse(answer.Value.Content), answer.Value.Details.ETag);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return null;
        }
    }

    /// <returns>False when a run is under way. Where the answer to this very write was lost, the document says whose it is.</returns>
    public async Task<bool> TryCreateAsync(ActiveTrainingRun active, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
        };
        try
        {
            await _blob.UploadAsync(new BinaryData(JsonSerializer.SerializeToUtf8Bytes(active, ContractsJson.Default.ActiveTrainingRun)), options, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
        {
            return false;
        }
    }

    /// <summary>Nothing happens where it was replaced or is gone.</summary>
    public async Task TryDeleteAsync(Stored stored, CancellationToken cancellationToken)
    {
        try
        {
            // A snapshot that somebody made must not keep a run from its end.
            await _blob.DeleteAsync(DeleteSnapshotsOption.IncludeSnapshots, new BlobRequestConditions { IfMatch = stored.ETag }, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e) || BlobAnswers.IsNotThere(e))
        {
            // Somebody else did, and another run may be under way by now.
        }
    }

    private static ActiveTrainingRun? Parse(BinaryData content)
    {
        try
        {
            return JsonSerializer.Deserialize(content.ToMemory().Span, ContractsJson.Default.ActiveTrainingRun) is { } active && TrainingRunId.IsValid(active.RunId)
                ? active : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
