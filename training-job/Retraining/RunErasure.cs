using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Models;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>
/// An erasure may come by while a run is worked on. It finds what is stored by then; so the job looks before it uses the data, and again after it has
/// stored something that shows slices or has learnt from them.
/// </summary>
internal sealed class RunErasure(BlobServiceClient storage, DataSetStore data, ModelStore models, TimeProvider time, ILogger<RunErasure> logger)
{
    private const string Reason = "Data of this run were erased meanwhile, so that what it has learnt is thrown away: start another run.";
    private readonly ErasedScans _scans = new(storage);
    private readonly ErasedRunLeftovers _leftovers = new(storage, time);

    public static RunFailedException Erased() => new(Reason);

    /// <exception cref="RunFailedException">Data that the run learns or has learnt from, or is judged by, were erased.</exception>
    public async Task RequireUnerasedAsync(TrainingRunStatus run, CancellationToken cancellationToken)
    {
        if (await IsErasedAsync(run, [], cancellationToken))
            throw Erased();
    }

    /// <summary>After the run's model was published: marks it where the erasure could not find it.</summary>
    /// <exception cref="RunFailedException">Data of the run were erased.</exception>
    public async Task RequirePublishedUnerasedAsync(TrainingRunStatus run, CancellationToken cancellationToken)
    {
        if (!await IsErasedAsync(run, [], cancellationToken))
            return;
        await _leftovers.MarkModelAsync(run, cancellationToken);
        throw Erased();
    }

    /// <summary>Writes the report of a run that is about to end, or to wait for its shadow; or takes it away where its data are erased.</summary>
    /// <returns>The end that is left: of an erased run that would have been refused, that it failed.</returns>
    public async Task<RunVerdict> ReportAsync(OwnedRun run, RunVerdict verdict, IRunReports reports, CancellationToken cancellationToken)
    {
        ScanId[] shown = [.. verdict.Judgement?.WorstCases.Select(slice => slice.Id) ?? []];
        if (!await IsErasedAsync(run.Status, shown, cancellationToken))
        {
            await reports.WriteAsync(run, verdict, cancellationToken);
            if (!await IsErasedAsync(run.Status, shown, cancellationToken))
                return verdict;
        }
        await _leftovers.RemoveReportsAsync(run.Status, cancellationToken);
        await _leftovers.MarkModelAsync(run.Status, cancellationToken);
        logger.TakenBack(run.Id);
        return verdict.State == TrainingRunState.Refused ? new RunVerdict(TrainingRunState.Failed, Reason) : verdict;
    }

    /// <param name="shown">Slices of which something is shown.</param>
    private async Task<bool> IsErasedAsync(TrainingRunStatus run, ScanId[] shown, CancellationToken cancellationToken)
    {
        // It has not looked at any data yet.
        if (run.DataSet is null)
            return false;
        if (await IsGoneAsync(token => data.FindDataSetAsync(run.DataSet, token), cancellationToken)
            || await IsGoneAsync(token => data.FindEvaluationSetAsync(run.EvaluationSet ?? "", token), cancellationToken))
            return true;
        if (!run.Request.FromScratch && run.Champion is { } champion && await models.HoldsErasedDataAsync(champion, cancellationToken))
            return true;
        return await models.HoldsErasedDataAsync(run.Challenger ?? run.Id, cancellationToken)
            || (shown.Length > 0 && await _scans.AnyErasedAsync(shown, cancellationToken));
    }

    private static async Task<bool> IsGoneAsync<T>(Func<CancellationToken, Task<T?>> find, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await find(cancellationToken) is null;
        }
        catch (DamagedDataException)
        {
            // Damaged, not erased.
            return false;
        }
    }
}
