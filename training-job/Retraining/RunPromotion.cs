using System.Diagnostics.CodeAnalysis;
using Azure.Storage.Blobs;
using CtSeg.Models;
using CtSeg.TrainingJob.Reports;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>From a published challenger to the decision and, if it passes, to the move of the alias.</summary>
internal sealed class RunPromotion(
    BlobServiceClient storage, ModelStore models, ModelAlias alias, RunSigning signing, IChallengerJudge judge, RunShadow shadow, ShadowBeginning beginning,
    RunErasure erasure, ILogger<RunPromotion> logger)
{
    private const int MaxRaces = 10;
    private readonly AliasAudit _audit = new(storage);
    private readonly AliasFence _fence = new(storage);

    /// <param name="data">For the report.</param>
    /// <returns>Null while the shadow looks on: the run is to be released and asked for again.</returns>
    public async Task<RunVerdict?> DecideAsync(OwnedRun run, ServedModel challenger, DataChanges data, CancellationToken stopping)
    {
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(stopping, run.Interrupted);
        for (var race = 1; ; race++)
        {
            run.ThrowIfInterrupted(stopping);
            var read = await models.ReadAliasAsync(interrupted.Token)
                ?? throw new RunFailedException("No model is in use any more, so that there is none to compare with.");
            if (read.Served == challenger || await FindMoveAsync(run.Status, read.Model.MoveId, interrupted.Token) is not null)
                return await ServesAsync(run.Status, challenger.Version, interrupted.Token);
            var (judgement, waits) = await JudgeAsync(run, read.Served, challenger, data, interrupted.Token);
            if (waits)
                return null;
            if (judgement is null)
                return await EndedEarlyAsync(run.Status, challenger.Version, interrupted.Token);
            await erasure.RequireUnerasedAsync(run.Status, interrupted.Token);
            if (await TryPromoteAsync(run, read, judgement, stopping) is { } verdict)
                return verdict;
            await WithdrawAsync(judgement.Decision, "It passed, but another model was put into use first.", stopping);
            if (race == MaxRaces)
                throw new RunFailedException($"The model in use changed under {MaxRaces} decisions: start another run when that has settled.");
            logger.DecidesAnew(run.Id);
        }
    }

    /// <summary>
    /// What became of the move that a killed job had noted. One that was not made cannot be made any more, also where that job only stalled, and is noted
    /// no longer: until the next, the run can be cancelled.
    /// </summary>
    /// <returns>Null where the run has still to come to its decision.</returns>
    public async Task<RunVerdict?> ResumeAsync(OwnedRun run, CancellationToken cancellationToken)
    {
        if (run.Status is not { AliasMoveId: { } id, Challenger: { } challenger } || await models.ReadAliasAsync(cancellationToken) is not { } read)
            return null;
        if (await _fence.WasMadeAsync(id, cancellationToken) || await IsServedAsync(read.Served, challenger, cancellationToken))
            return await ServesAsync(run.Status, challenger, cancellationToken);
        await run.ChangeAsync(status => status.AliasMoveId == id ? status with { AliasMoveId = null } : status, cancellationToken);
        return null;
    }

    /// <summary>The move that put the run's challenger into use, whoever serves by now.</summary>
    public async Task<AliasMove?> FindMoveAsync(TrainingRunStatus run, CancellationToken cancellationToken) =>
        run.AliasMoveId is null ? null : await FindMoveAsync(run, await TryReadMoveIdAsync(cancellationToken), cancellationToken);

    /// <param name="current">The alias' own move; null where nobody knows.</param>
    private async Task<AliasMove?> FindMoveAsync(TrainingRunStatus run, string? current, CancellationToken cancellationToken) => run.AliasMoveId is { } id
        ? (await _audit.ListAsync(current, _ => { }, cancellationToken)).FirstOrDefault(known => known.Move.Id == id && known.Step == AliasMoveStep.Done)?.Move
        : null;

    private async Task<string?> TryReadMoveIdAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await models.ReadAliasAsync(cancellationToken))?.Model.MoveId;
        }
        catch (DamagedModelException)
        {
            return null;
        }
    }

    private async Task<bool> IsServedAsync(ServedModel served, string challenger, CancellationToken cancellationToken) =>
        served.Version == challenger && (await models.FindAsync(challenger, cancellationToken) is not { } manifest || manifest.WeightsSha256 == served.WeightsSha256);

    /// <returns>Null where another model was put into use first.</returns>
    private async Task<RunVerdict?> TryPromoteAsync(OwnedRun run, StoredAlias read, Judgement judgement, CancellationToken stopping)
    {
        var decision = judgement.Decision;
        var hash = await models.StoreDecisionAsync(decision.Challenger.Version, decision, stopping);
        if (!decision.Promote)
            return new RunVerdict(TrainingRunState.Refused, decision.Reason) { Judgement = judgement };
        var move = alias.NewMove(AliasMoveKind.Promotion, decision.Challenger, run.Id, decision.Reason) with { DecisionSha256 = hash };
        try
        {
            return await TryMoveAsync(run, read, move, stopping) ? new RunVerdict(TrainingRunState.Promoted, decision.Reason) { Judgement = judgement } : null;
        }
        catch (OperationCanceledException) when (run.IsCancelled)
        {
            await WithdrawAsync(decision, "It passed, but its run was cancelled before it was put into use.", stopping);
            throw;
        }
        catch (AliasMoveRefusedException e)
        {
            await WithdrawAsync(decision, $"It passed, but could not be put into use. {e.Message}", stopping);
            throw;
        }
    }

    /// <summary>What stands beside the model must not say that it was promoted.</summary>
    private Task<string> WithdrawAsync(PromotionDecision decision, string reason, CancellationToken cancellationToken) =>
        models.StoreDecisionAsync(decision.Challenger.Version, decision with { Promote = false, Reason = reason }, cancellationToken);

    /// <returns>No judgement where the shadow was ended early.</returns>
    private async Task<(Judgement? Judgement, bool Waits)> JudgeAsync(
        OwnedRun run, ServedModel champion, ServedModel challenger, DataChanges data, CancellationToken cancellationToken)
    {
        if (run.Status.Request.Shadow is not { } terms)
            return (await AskAsync(null), false);
        var (state, seen) = await shadow.LookAsync(run.Status, terms, champion, challenger, cancellationToken);
        switch (state)
        {
            case ShadowState.LooksOn:
                return (null, true);
            case ShadowState.EndedEarly:
                return (null, false);
            case ShadowState.Done:
                // It is stopped when the run ends: where the champion changes during the decision, it goes on.
                return (await AskAsync((terms, seen)), false);
            default:
                // What the locked set refuses needs no shadow.
                var judgement = await AskAsync(null);
                if (!judgement.Decision.Promote)
                    return (judgement, false);
                await beginning.BeginAsync(run, challenger, terms, judgement, data, cancellationToken);
                return (null, true);
        }

        async Task<Judgement> AskAsync((ShadowTerms, ShadowSummary)? looked)
        {
            var judgement = await judge.JudgeAsync(champion, challenger, run.Status, looked, cancellationToken);
            return judgement.Decision.Promote && await signing.ObjectionToServeAsync(challenger.Version, cancellationToken) is { } objection
                ? judgement with { Decision = judgement.Decision with { Promote = false, Reason = objection } }
                : judgement;
        }
    }

    /// <summary>What the locked set said of it was stored when its shadow began.</summary>
    private async Task<RunVerdict> EndedEarlyAsync(TrainingRunStatus run, string challenger, CancellationToken cancellationToken)
    {
        var verdict = new RunVerdict(TrainingRunState.Refused, "Its shadow was ended before it had seen enough.");
        if (await models.FindDecisionAsync(challenger, cancellationToken) is not { } passed)
            return verdict;
        var decision = passed with { Promote = false, Reason = verdict.Reason };
        await models.StoreDecisionAsync(challenger, decision, cancellationToken);
        return verdict with { Judgement = await TryJudgeAgainAsync(decision, run, cancellationToken) };
    }

    /// <summary>The challenger serves, or did: by the run's own move, noted by a job that was killed before the run ended, or by hand.</summary>
    private async Task<RunVerdict> ServesAsync(TrainingRunStatus run, string challenger, CancellationToken cancellationToken)
    {
        var decision = await models.FindDecisionAsync(challenger, cancellationToken);
        return new RunVerdict(TrainingRunState.Promoted, decision is { Promote: true } ? decision.Reason : "It was put into use by hand.")
        {
            Judgement = decision is null ? null : await TryJudgeAgainAsync(decision, run, cancellationToken),
        };
    }

    /// <summary>For the report only: what the judge saw is lost with the job that asked it.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The decision is made: nothing that fails here may keep the run from its end.")]
    private async Task<Judgement?> TryJudgeAgainAsync(PromotionDecision decision, TrainingRunStatus run, CancellationToken cancellationToken)
    {
        try
        {
            return await judge.JudgeAsync(decision.Champion, decision.Challenger, run, shadow: null, cancellationToken) with { Decision = decision };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            logger.NotJudgedAgain(run.Id, e.GetType().Name);
            return null;
        }
    }

    /// <summary>From the note in the run's document on it is too late to cancel, and the move is not cut off.</summary>
    private async Task<bool> TryMoveAsync(OwnedRun run, StoredAlias read, AliasMove move, CancellationToken stopping)
    {
        run.ThrowIfInterrupted(stopping);
        var noted = await run.ChangeAsync(status => status.CancelRequested ? status : status with { AliasMoveId = move.Id }, stopping);
        if (noted.AliasMoveId != move.Id)
            throw new OperationCanceledException("The run was cancelled just before its challenger was put into use.");
        var outcome = await alias.MoveAsync(read, move, CancellationToken.None);
        if (!outcome.Done)
            await run.ChangeAsync(status => status with { AliasMoveId = null }, CancellationToken.None);
        return outcome.Done;
    }
}
