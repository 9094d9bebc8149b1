using System.Diagnostics.CodeAnalysis;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Reports;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingJob.WeightFiles;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;
using SliceChange = CtSeg.TrainingJob.Reports.SliceChange;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Gathers what there is to tell of a run and stores its report beside the run and beside its model.</summary>
internal sealed class RunReports(
    BlobServiceClient storage, DataSetStore data, ModelStore models, TrainingCheckpointStore checkpoints, TimeProvider time, ILogger<RunReports> logger) : IRunReports
{
    // More documents than these are not read for a table.
    private const int MaxDescribedChanges = 200;
    private readonly BlobContainerClient _runs = storage.GetBlobContainerClient(Containers.TrainingRuns);

    [SuppressMessage("Design", "CA1031", Justification = "A report that cannot be drawn must keep no run from its end; only faults of storage are tried again.")]
    public async Task WriteAsync(OwnedRun run, RunVerdict verdict, CancellationToken cancellationToken)
    {
        string html;
        try
        {
            html = RetrainingReport.Html(await GatherAsync(run, verdict, cancellationToken));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && !Verdict.IsOutage(e) && e is not TrainingRunLostException)
        {
            logger.NoReport(run.Id, e.GetType().Name);
            return;
        }
        var options = new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = "text/html; charset=utf-8" } };
        // The last writer wins: a job that lost the run cannot end it, and its successor writes the report again.
        await _runs.GetBlobClient(BlobPaths.TrainingReport(run.Id)).UploadAsync(BinaryData.FromString(html), options, cancellationToken);
        if (run.Status.Challenger is { } challenger)
            await models.StoreReportAsync(challenger, html, cancellationToken);
    }

    private async Task<ReportContent> GatherAsync(OwnedRun run, RunVerdict verdict, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var status = run.Status;
        var history = await HistoryAsync(run, cancellationToken);
        var decision = verdict.Judgement?.Decision
            ?? (status.Challenger is { } version ? await models.FindDecisionAsync(version, cancellationToken) : null);
        var told = verdict.State == TrainingRunState.Shadowing
            ? status.Entered(verdict.State, now) with { Reason = verdict.Reason }
            : status.Ended(verdict.State, verdict.Reason, now);
        return new ReportContent(told, now)
        {
            Champion = await FindAsync(decision?.Champion.Version ?? status.Champion, cancellationToken),
            Challenger = await FindAsync(status.Challenger, cancellationToken),
            Decision = decision,
            Epochs = history?.Epochs ?? [],
            Groups = verdict.Judgement?.Groups ?? [],
            WorstCases = verdict.Judgement?.WorstCases ?? [],
            Data = verdict.Data is { } changes ? await DescribeAsync(changes, cancellationToken) : null,
            DecisionsOnSet = decision is null ? null : await CountDecisionsAsync(decision, cancellationToken),
            Machines = [.. history?.Machines.Select(machine => machine.ToString()) ?? []],
        };
    }

    private async Task<ModelManifest?> FindAsync(string? version, CancellationToken cancellationToken) =>
        version is null ? null : await models.FindAsync(version, cancellationToken);

    private async Task<TrainingHistory?> HistoryAsync(OwnedRun run, CancellationToken cancellationToken)
    {
        if (await checkpoints.TakeAsync(run.Id, run.Owner, cancellationToken) is not { } found)
            return null;
        try
        {
            var checkpoint = TrainingCheckpoint.Parse(found.Content.ToMemory().Span, run.Id);
            foreach (var tensor in new[] { checkpoint.Network, checkpoint.Average, checkpoint.First, checkpoint.Second }.SelectMany(part => part.Values))
                tensor.Dispose();
            return checkpoint.History;
        }
        catch (WeightsFormatException)
        {
            return null;
        }
    }

    /// <summary>Decisions with other data in the locked set are not counted.</summary>
    private async Task<int> CountDecisionsAsync(PromotionDecision decision, CancellationToken cancellationToken)
    {
        var challengers = new HashSet<string>(StringComparer.Ordinal) { decision.Challenger.Version };
        await foreach (var model in models.ListAsync(cancellationToken))
            if (model.Manifest is not null && await TryFindDecisionAsync(model.Version, cancellationToken) is { } other && other.EvaluationSet == decision.EvaluationSet)
                challengers.Add(model.Version);
        return challengers.Count;
    }

    private async Task<PromotionDecision?> TryFindDecisionAsync(string version, CancellationToken cancellationToken)
    {
        try
        {
            return await models.FindDecisionAsync(version, cancellationToken);
        }
        catch (DamagedModelException)
        {
            return null;
        }
    }

    private async Task<DataChanges> DescribeAsync(DataChanges changes, CancellationToken cancellationToken)
    {
        var described = new List<SliceChange>();
        foreach (var change in changes.Changes)
            described.Add(described.Count < MaxDescribedChanges && change.Kind != SliceChangeKind.Removed
                && await TryFindSliceAsync(change.Id, cancellationToken) is { } slice
                ? change with { Origin = slice.Origin.Kind, ClassPixels = slice.ClassPixels }
                : change);
        return changes with { Changes = described };
    }

    private async Task<TrainingSlice?> TryFindSliceAsync(ScanId id, CancellationToken cancellationToken)
    {
        try
        {
            return await data.FindAsync(id, cancellationToken);
        }
        catch (DamagedDataException)
        {
            return null;
        }
    }
}
