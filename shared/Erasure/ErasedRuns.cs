using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.TrainingRuns;

namespace CtSeg.Erasure;

/// <summary>Ends runs that learn from erased slices, and removes what shows or holds such slices.</summary>
internal sealed class ErasedRuns(BlobServiceClient storage, TimeProvider time)
{
    private const string Reason = "Slices that it learns from, or is judged by, were erased.";
    private readonly BlobContainerClient _runs = storage.GetBlobContainerClient(Containers.TrainingRuns);
    private readonly TrainingRunStore _store = new(storage, time);
    private readonly ShadowStore _shadows = new(storage, time);

    /// <returns>The runs whose data or evaluation set holds an erased slice.</returns>
    /// <param name="unreadable">Told the paths of documents that cannot be read.</param>
    public async Task<IReadOnlyList<TrainingRunStatus>> FindAsync(ErasureFindings found, Action<string> unreadable, CancellationToken cancellationToken)
    {
        var runs = new List<TrainingRunStatus>();
        await foreach (var listing in _store.ListAsync(limit: null, cancellationToken))
        {
            if (listing.Run is not { } run)
                unreadable($"{Containers.TrainingRuns}/{BlobPaths.TrainingRun(listing.Id)}");
            else if ((run.DataSet is { } data && found.DataSets.Contains(data)) || (run.EvaluationSet is { } evaluation && found.EvaluationSets.Contains(evaluation)))
                runs.Add(run);
        }
        return runs;
    }

    /// <summary>Ends a run, or asks the job that works on it to end it at its next step. Its challenger runs in shadow no more.</summary>
    /// <returns>False where it is too late: its challenger is just being put into use.</returns>
    public async Task<bool> StopAsync(TrainingRunStatus run, CancellationToken cancellationToken)
    {
        var isStopped = run.HasEnded || await _store.CancelAsync(run.Id, Reason, cancellationToken) != TrainingRunCancellation.TooLate;
        await _shadows.StopAsync(run.Id, cancellationToken);
        return isStopped;
    }

    /// <summary>The report, which shows slices as pictures, and the state of the training.</summary>
    /// <returns>How many blobs went.</returns>
    public async Task<int> RemoveAsync(TrainingRunStatus run, CancellationToken cancellationToken) =>
        await BlobRemoval.RemoveAsync(_runs, BlobPaths.TrainingReport(run.Id), cancellationToken)
        + await BlobRemoval.RemoveFolderAsync(_runs, $"{run.Id}/checkpoint", cancellationToken);
}
