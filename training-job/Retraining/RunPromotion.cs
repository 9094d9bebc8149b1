using Azure.Storage.Blobs;
using CtSeg.Models;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>From a published challenger to the decision and, if it passes, to the move of the alias.</summary>
internal sealed class RunPromotion(
    BlobServiceClient storage, ModelStore models, ModelAlias alias, TrustedKeys trusted, IChallengerJudge judge, RunShadow shadow, RunPreparation preparation,
    ILogger<RunPromotion> logger)
{
    private const int MaxRaces = 10;
    private readonly AliasAudit _audit = new(storage);

    /// <returns>Null while the shadow looks on: the run is to be released and asked for again.</returns>
    public async Task<RunVerdict?> DecideAsync(OwnedRun run, ServedModel challenger, CancellationToken stopping)
    {
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(stopping, run.Interrupted);
        for (var race = 0; race < MaxRaces; race++)
        {
            run.ThrowIfInterrupted(stopping);
            var read = await models.ReadAliasAsync(interrupted.Token)
                ?? throw new RunFailedException("No model is in use any more, so that there is none to compare with.");
            if (read.Served.Version == challenger.Version || await FindMoveAsync(run.Status, read, interrupted.Token) is not null)
                return new RunVerdict(TrainingRunState.Promoted, await ReasonOfAsync(challenger.Version, interrupted.Token));
            var (judgement, waits) = await JudgeAsync(run, read.Served, challenger, interrupted.Token);
            if (waits)
                return null;
            if (judgement is null)
                return new RunVerdict(TrainingRunState.Refused, "Its shadow was ended before it had seen enough.");
            var decision = judgement.Decision;
            var hash = await models.StoreDecisionAsync(challenger.Version, decision, interrupted.Token);
            if (!decision.Promote)
                return new RunVerdict(TrainingRunState.Refused, decision.Reason) { Judgement = judgement };
            if (await ObjectionToServeAsync(challenger, interrupted.Token) is { } objection)
                return new RunVerdict(TrainingRunState.Refused, $"It passed, but jobs would not load it. {objection} Then put it into use by 'models promote'.") { Judgement = judgement };
            await preparation.RequireUnerasedAsync(run.Status, interrupted.Token);
            var move = alias.NewMove(AliasMoveKind.Promotion, challenger, run.Id, decision.Reason) with { DecisionSha256 = hash };
            if (await TryMoveAsync(run, read, move, stopping))
                return new RunVerdict(TrainingRunState.Promoted, decision.Reason) { Judgement = judgement };
            logger.DecidesAnew(run.Id);
        }
        throw new RunFailedException($"The model in use changed under {MaxRaces} decisions: start another run when that has settled.");
    }

    /// <summary>What became of the move that a killed job had noted. One that was lost is noted no longer: until the next, the run can be cancelled.</summary>
    /// <returns>Null where the run has still to come to its decision.</returns>
    public async Task<RunVerdict?> ResumeAsync(OwnedRun run, CancellationToken cancellationToken)
    {
        if (run.Status is not { AliasMoveId: { } id, Challenger: { } challenger } || await models.ReadAliasAsync(cancellationToken) is not { } read)
            return null;
        var noted = (await _audit.ListAsync(read.Model.MoveId, _ => { }, cancellationToken)).FirstOrDefault(known => known.Move.Id == id);
        if (read.Served.Version == challenger || noted?.Step == AliasMoveStep.Done)
            return new RunVerdict(TrainingRunState.Promoted, await ReasonOfAsync(challenger, cancellationToken));
        // A move that began from another model than serves now can no longer be made, also where nobody lived to note it.
        if (noted is not null && (noted.Step == AliasMoveStep.Lost || noted.Move.After != read.Model.MoveId))
            await run.ChangeAsync(status => status.AliasMoveId == id ? status with { AliasMoveId = null } : status, cancellationToken);
        return null;
    }

    /// <summary>The move that put the run's challenger into use, whoever serves by now.</summary>
    public async Task<AliasMove?> FindMoveAsync(TrainingRunStatus run, CancellationToken cancellationToken) =>
        await models.ReadAliasAsync(cancellationToken) is { } read ? await FindMoveAsync(run, read, cancellationToken) : null;

    private async Task<AliasMove?> FindMoveAsync(TrainingRunStatus run, StoredAlias read, CancellationToken cancellationToken) => run.AliasMoveId is { } id
        ? (await _audit.ListAsync(read.Model.MoveId, _ => { }, cancellationToken)).FirstOrDefault(known => known.Move.Id == id && known.Step == AliasMoveStep.Done)?.Move
        : null;

    /// <returns>No judgement where the shadow was ended early.</returns>
    private async Task<(Judgement? Judgement, bool Waits)> JudgeAsync(OwnedRun run, ServedModel champion, ServedModel challenger, CancellationToken cancellationToken)
    {
        if (run.Status.Request.Shadow is not { } terms)
            return (await judge.JudgeAsync(champion, challenger, run.Status, shadow: null, cancellationToken), false);
        var (state, seen) = await shadow.LookAsync(run.Status, terms, cancellationToken);
        switch (state)
        {
            case ShadowState.LooksOn:
                return (null, true);
            case ShadowState.EndedEarly:
                return (null, false);
            case ShadowState.Done:
                await shadow.StopAsync(run.Id, cancellationToken);
                return (await judge.JudgeAsync(champion, challenger, run.Status, (terms, seen), cancellationToken), false);
            default:
                // What the locked set refuses needs no shadow.
                var judgement = await judge.JudgeAsync(champion, challenger, run.Status, shadow: null, cancellationToken);
                if (!judgement.Decision.Promote)
                    return (judgement, false);
                if (await shadow.StartAsync(run.Id, challenger, terms, cancellationToken))
                    await run.ChangeAsync(status => status.Entered(TrainingRunState.Shadowing, run.UtcNow()), cancellationToken);
                return (null, true);
        }
    }

    /// <returns>Null where nothing stands against its use.</returns>
    private async Task<string?> ObjectionToServeAsync(ServedModel challenger, CancellationToken cancellationToken)
    {
        if (trusted.IsEmpty)
            return null;
        var files = await models.FindFilesAsync(challenger.Version, cancellationToken) ?? throw new RunFailedException($"The model {challenger.Version} of this run is gone.");
        try
        {
            var signature = await models.FindSignatureAsync(challenger.Version, cancellationToken);
            ModelSignatures.Verify(trusted, challenger.Version, signature, files.ManifestJson, files.Manifest.WeightsSha256);
            return null;
        }
        catch (UntrustedModelException e)
        {
            return e.Message;
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

    /// <summary>Where the run was killed after the move, the decision tells why.</summary>
    private async Task<string> ReasonOfAsync(string challenger, CancellationToken cancellationToken) =>
        (await models.FindDecisionAsync(challenger, cancellationToken)) is { Promote: true } decision ? decision.Reason : "It was put into use by hand.";
}
