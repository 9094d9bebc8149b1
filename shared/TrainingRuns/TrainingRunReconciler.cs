using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Models;

namespace CtSeg.TrainingRuns;

/// <param name="Age">A run whose last sign is older is asked for again.</param>
/// <param name="MaxAttempts">Requests for one run, the first included; then it fails.</param>
public sealed record TrainingRunPolicy(TimeSpan Age, int MaxAttempts);

/// <param name="AskAgain">Runs with a new attempt, to be requested.</param>
/// <param name="Ended">Runs that this look ended.</param>
/// <param name="Damaged">One sentence for each document that cannot be read.</param>
public sealed record TrainingRunsOutcome(IReadOnlyList<TrainingRunStatus> AskAgain, IReadOnlyList<TrainingRunStatus> Ended, IReadOnlyList<string> Damaged);

/// <summary>
/// Storage is the truth and messages are hints: asks again for the run under way when nobody works on it any more or its shadow has seen enough, and
/// removes what runs left that were killed at their end.
/// </summary>
public sealed class TrainingRunReconciler(BlobServiceClient storage, TrainingRunStore runs, TrainingRunPolicy policy, TimeProvider time)
{
    // A run that ended before so many others was tidied by earlier looks.
    private const int Newest = 20;
    private readonly BlobContainerClient _runs = storage.GetBlobContainerClient(Containers.TrainingRuns);
    private readonly ShadowStore _shadows = new(storage, time);
    private readonly ShadowResultStore _results = new(storage);
    private readonly ModelStore _models = new(storage);
    private readonly AliasFence _fence = new(storage);

    public async Task<TrainingRunsOutcome> ReconcileAsync(CancellationToken cancellationToken)
    {
        // Listed before active.json is read: one of these that it does not name then is not under way.
        var page = await TrainingRunPage.OfAsync(runs.ListAsync(Newest, cancellationToken), cancellationToken);
        var active = await runs.FindActiveAsync(cancellationToken);
        var ended = new List<TrainingRunStatus>();
        foreach (var run in page.Runs.Where(run => run.Id != active?.Id))
        {
            if (run.HasEnded)
                await runs.Checkpoints.DeleteAsync(run.Id, cancellationToken);
            else if (await runs.EndAsync(run.Id, TrainingRunState.Failed, "Another run took its place.", cancellationToken) is { HasEnded: true } orphan)
                ended.Add(orphan);
        }
        await StopShadowOfEndedAsync(active, cancellationToken);
        var askAgain = new List<TrainingRunStatus>();
        if (active is not null && await MoveOnAsync(active, cancellationToken) is { } moved)
            (moved.HasEnded ? ended : askAgain).Add(moved);
        return new TrainingRunsOutcome(askAgain, ended, page.Damaged);
    }

    /// <returns>The run as it was changed; null where it is left alone.</returns>
    private async Task<TrainingRunStatus?> MoveOnAsync(TrainingRunStatus active, CancellationToken cancellationToken)
    {
        var shadowIsOver = active.State == TrainingRunState.Shadowing && await IsShadowOverAsync(active, cancellationToken);
        var now = time.GetUtcNow().UtcDateTime;
        if (!IsOverdue(active))
            return null;
        if (active.Attempt >= policy.MaxAttempts && await MovedNothingAsync())
        {
            var failed = await runs.EndAsync(
                active.Id, TrainingRunState.Failed, $"It was asked for {active.Attempt} times and no job brought it to an end.", cancellationToken);
            return failed is { HasEnded: true } ? failed : null;
        }
        var changed = await runs.ChangeAsync(active.Id, run => IsOverdue(run) ? run.RequestedAgain(now) : null, cancellationToken);
        return changed is { Written: true, Run: var run } ? run : null;

        bool IsOverdue(TrainingRunStatus run) => !run.HasEnded && run.State switch
        {
            // Nobody works on it while the shadow looks on, unless it is to be cancelled; a job that was asked and did not come is asked again like any other.
            TrainingRunState.Shadowing when run.Beat is null => (shadowIsOver || run.CancelRequested) && (run.AskedAgain is not { } asked || asked < run.Timeline[^1].Time || now - asked > policy.Age),
            _ => now - run.LastSign > policy.Age,
        };

        // The job that noted a move may have been killed, or have stalled, before it made it.
        async Task<bool> MovedNothingAsync()
        {
            if (active.AliasMoveId is not { } move)
                return true;
            if (await _fence.WasMadeAsync(move, cancellationToken))
                return false;
            await runs.ChangeAsync(active.Id, run => IsOverdue(run) && run.AliasMoveId == move ? run with { AliasMoveId = null } : null, cancellationToken);
            return true;
        }
    }

    private async Task<bool> IsShadowOverAsync(TrainingRunStatus run, CancellationToken cancellationToken)
    {
        if ((await _shadows.ReadAsync(cancellationToken))?.Shadow is not { } shadow || shadow.RunId != run.Id || shadow.Until <= time.GetUtcNow().UtcDateTime)
            return true;
        var enough = run.Request.Shadow?.Slices ?? 0;
        return enough == 0 || (await HasResultsAsync(run.Id, enough, cancellationToken) && await HasSeenAsync(run.Id, shadow.Model, enough, cancellationToken));
    }

    private async Task<bool> HasResultsAsync(string run, int enough, CancellationToken cancellationToken)
    {
        var seen = 0;
        await foreach (var _ in _runs.GetBlobsAsync(new GetBlobsOptions { Prefix = BlobPaths.ShadowResults(run) }, cancellationToken))
            if (++seen >= enough)
                return true;
        return false;
    }

    /// <summary>Results beside a model that served before do not count: the job would find too few and wait on.</summary>
    private async Task<bool> HasSeenAsync(string run, ServedModel challenger, int enough, CancellationToken cancellationToken)
    {
        try
        {
            return await _models.ReadAliasAsync(cancellationToken) is not { } alias || alias.Served == challenger
                || (await _results.ListAsync(run, alias.Served, challenger, cancellationToken)).Count >= enough;
        }
        catch (DamagedModelException)
        {
            // The job ends the run with that reason.
            return true;
        }
    }

    /// <summary>A job that was killed, or a run that was ended by hand, leaves its challenger in shadow.</summary>
    private async Task StopShadowOfEndedAsync(TrainingRunStatus? active, CancellationToken cancellationToken)
    {
        if ((await _shadows.ReadAsync(cancellationToken))?.Shadow is { } shadow && shadow.RunId != active?.Id && TrainingRunId.IsValid(shadow.RunId)
            && await runs.FindAsync(shadow.RunId, cancellationToken) is { Run.HasEnded: true })
            await _shadows.StopAsync(shadow.RunId, cancellationToken);
    }
}
