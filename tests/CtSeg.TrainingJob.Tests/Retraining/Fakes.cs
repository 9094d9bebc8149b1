using CtSeg.Models;
using CtSeg.TrainingJob.Promotion;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Tests.Retraining;

/// <summary>A training without one.</summary>
internal sealed class FakeTrainer : IChallengerTrainer
{
    public int Trained { get; private set; }

    /// <value>What happens meanwhile.</value>
    public Func<OwnedRun, CancellationToken, Task>? Meanwhile { get; init; }

    public async Task<ModelFiles> TrainAsync(OwnedRun run, RunData learnt, CancellationToken stopping)
    {
        Trained++;
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(stopping, run.Interrupted);
        if (Meanwhile is not null)
            await Meanwhile(run, interrupted.Token);
        return RetrainWorld.Untrained(run.Id, seed: 2, run.Status.Request.FromScratch ? null : learnt.Champion.Version);
    }
}

/// <summary>Decides as it is told, and remembers what it was asked.</summary>
internal sealed class FakeJudge(bool promotes) : IChallengerJudge
{
    public List<(string Champion, bool HasShadow)> Asked { get; } = [];

    public Func<Task>? Meanwhile { get; set; }

    /// <value>What the shadow saw stands against the model.</value>
    public string? ShadowObjection { get; init; }

    /// <value>Against a model that is better than the champion: what a class lost since the promotions began.</value>
    public ChainComparison? Start { get; init; }

    public async Task<Judgement> JudgeAsync(
        ServedModel champion, ServedModel challenger, TrainingRunStatus run, (ShadowTerms Terms, ShadowSummary Seen)? shadow, CancellationToken cancellationToken)
    {
        Asked.Add((champion.Version, shadow is not null));
        if (Meanwhile is { } meanwhile)
            await meanwhile();
        var decision = PromotionGate.Decide(
            run.Request.Promotion, new ComparedModels(champion, challenger, run.EvaluationSet!, 0, []), shadow, new DateTime(2026, 11, 27, 3, 0, 0, DateTimeKind.Utc));
        var (passes, reason) = shadow is not null && ShadowObjection is { } objection ? (false, objection) : (promotes, promotes ? "Better." : "Not better.");
        if (Start is not null)
            (passes, reason) = (false, "A class lost too much since the start.");
        return new Judgement(decision with { Start = Start, Promote = passes, Reason = reason, Overall = decision.Overall with { Decides = true, Passes = promotes } }, [], []);
    }
}
