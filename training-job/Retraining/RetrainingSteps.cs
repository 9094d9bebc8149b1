using System.Diagnostics.CodeAnalysis;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.Telemetry;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Promotion;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingJob.WeightFiles;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>
/// Brings a run from wherever it stands to its end. What there is to do follows from its document and the blobs: every step may be the last of this
/// process and is found done, or done again, by the next one.
/// </summary>
internal sealed class RetrainingSteps(
    RunPreparation preparation, IChallengerTrainer trainer, ChallengerPublication publication, RunSigning signing, RunErasure erasure, RunPromotion promotion,
    RunShadow shadow, IRunReports reports, ModelStore models, RetrainEvents events, ILogger<RetrainingSteps> logger)
{
    private static readonly RunVerdict Cancelled = new(TrainingRunState.Cancelled, "It was cancelled while it was worked on.");

    /// <returns>The run as it ended; null where it waits for its shadow, and is released.</returns>
    /// <exception cref="TrainingRunLostException">Another job has it, or it was ended from outside.</exception>
    /// <exception cref="OperationCanceledException">The process is to stop; the run is still claimed.</exception>
    public async Task<TrainingRunStatus?> ExecuteAsync(OwnedRun run, CancellationToken stopping)
    {
        RunVerdict? verdict;
        try
        {
            verdict = await DecideAsync(run, stopping);
            if (verdict is null && await run.TryLeaveAsync(stopping))
            {
                logger.WaitsForShadow(run.Id);
                return null;
            }
        }
        catch (OperationCanceledException e) when (run.IsLost)
        {
            throw new TrainingRunLostException($"Training run {run.Id} was taken over or ended elsewhere.", e);
        }
        catch (OperationCanceledException) when (run.IsCancelled)
        {
            verdict = Cancelled;
        }
        catch (Exception e) when (IsFinal(e))
        {
            verdict = await EndOfFaultAsync(run, e.Message, stopping);
        }
        return await EndAsync(run, verdict ?? Cancelled, stopping);
    }

    /// <summary>Ends a run for a fault of the program.</summary>
    public async Task<TrainingRunStatus> FailAsync(OwnedRun run, string reason, CancellationToken stopping)
    {
        var verdict = await EndOfFaultAsync(run, reason, stopping);
        var until = UntilOf(verdict, stopping);
        // The fault may lie in these very steps: they must not keep the run from its end.
        await TryAsync(run, () => shadow.StopAsync(run.Id, until));
        await TryAsync(run, async () => verdict = await erasure.ReportAsync(run, verdict, reports, until));
        return await NoteEndAsync(run, verdict, until);
    }

    /// <summary>Of a run that has ended: whoever ended it may have been killed before it said so.</summary>
    public async Task TellAsync(TrainingRunStatus ended, CancellationToken cancellationToken)
    {
        if (ended.State == TrainingRunState.Promoted && await promotion.FindMoveAsync(ended, cancellationToken) is { } move)
            await events.ChangedAsync(move, cancellationToken);
        await events.EndedAsync(ended, cancellationToken);
    }

    private async Task<RunVerdict?> DecideAsync(OwnedRun run, CancellationToken stopping)
    {
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(stopping, run.Interrupted);
        run.ThrowIfInterrupted(stopping);
        // Before the data, which may be erased since: the model serves.
        if (await promotion.ResumeAsync(run, interrupted.Token) is { } moved)
            return moved;
        var data = await run.InStageAsync(StageNames.Prepare, () => preparation.PrepareAsync(run, interrupted.Token));
        if (run.Status.State == TrainingRunState.Requested && preparation.NothingToDo(data, run.Status.Request) is { } skipped)
            return skipped;
        var challenger = await MakeAsync(run, data, stopping, interrupted.Token);
        var verdict = await run.InStageAsync(StageNames.Decide, () => promotion.DecideAsync(run, challenger, data.Changes, stopping));
        return verdict is null ? null : verdict with { Data = data.Changes };
    }

    /// <returns>The model of the run, published and signed.</returns>
    private async Task<ServedModel> MakeAsync(OwnedRun run, RunData data, CancellationToken stopping, CancellationToken interrupted)
    {
        var manifest = await models.FindAsync(run.Id, interrupted);
        if (manifest is null)
        {
            await run.ChangeAsync(status => status.Entered(TrainingRunState.Training, run.UtcNow()), interrupted);
            var files = await run.InStageAsync(StageNames.Train, () => trainer.TrainAsync(run, data, stopping));
            run.ThrowIfInterrupted(stopping);
            await erasure.RequireUnerasedAsync(run.Status, interrupted);
            // Not cut off until it was looked at again.
            manifest = await run.InStageAsync(StageNames.Publish, () => publication.PublishAsync(run, files, data, CancellationToken.None));
            logger.Published(run.Id, manifest.Version);
        }
        await erasure.RequirePublishedUnerasedAsync(run.Status, CancellationToken.None);
        // Published by a job that was killed before it signed, too.
        await signing.SignAsync(run.Id, manifest.Version, interrupted);
        if (run.Status.Challenger is null || run.Status.State < TrainingRunState.Evaluating)
            await run.ChangeAsync(status => status.Entered(TrainingRunState.Evaluating, run.UtcNow()) with { Challenger = manifest.Version }, interrupted);
        return new ServedModel(manifest.Version, manifest.WeightsSha256);
    }

    /// <summary>Nothing undoes a move that was made.</summary>
    private async Task<RunVerdict> EndOfFaultAsync(OwnedRun run, string reason, CancellationToken cancellationToken) =>
        await promotion.FindMoveAsync(run.Status, cancellationToken) is { } move
            ? new RunVerdict(TrainingRunState.Promoted, move.Reason)
            : new RunVerdict(TrainingRunState.Failed, reason);

    /// <summary>Of a promotion the alias has moved: what follows is not cut off. Of any other end nothing has happened yet.</summary>
    private static CancellationToken UntilOf(RunVerdict verdict, CancellationToken stopping) =>
        verdict.State == TrainingRunState.Promoted ? CancellationToken.None : stopping;

    private async Task<TrainingRunStatus> EndAsync(OwnedRun run, RunVerdict verdict, CancellationToken stopping)
    {
        var until = UntilOf(verdict, stopping);
        await shadow.StopAsync(run.Id, until);
        // Before the end, which removes the checkpoint that the curves are drawn from.
        var reported = await run.InStageAsync(StageNames.Report, () => erasure.ReportAsync(run, verdict, reports, until));
        return await NoteEndAsync(run, reported, until);
    }

    private async Task<TrainingRunStatus> NoteEndAsync(OwnedRun run, RunVerdict verdict, CancellationToken until)
    {
        var ended = await run.EndAsync(verdict.State, verdict.Reason, until);
        logger.Ended(ended.Id, ended.State, verdict.Reason);
        Meters.RunEnded(ended.State);
        Spans.Current?.SetTag(TelemetryAttributes.RunState, Meters.NameOf(ended.State));
        await TellAsync(ended, until);
        return ended;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Of a run that ends by a fault of the program; only faults of storage are tried again.")]
    private async Task TryAsync(OwnedRun run, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e) when (!Verdict.IsOutage(e) && e is not TrainingRunLostException)
        {
            logger.EndsAllTheSame(run.Id, e);
        }
    }

    /// <summary>Faults that another try would meet again.</summary>
    private static bool IsFinal(Exception e) => e is RunFailedException or DamagedDataException or DamagedModelException or ModelFolderException
        or TrainingDataException or TrainingDivergedException or WeightsFormatException or InvalidDataException or AliasMoveRefusedException or ModelExistsException
        or NotComparableException or UntrustedModelException;
}
