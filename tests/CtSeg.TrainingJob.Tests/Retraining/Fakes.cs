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

    public async Task<ModelFiles> TrainAsync(OwnedRun run, RunData data, CancellationToken stopping)
    {
        Trained++;
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(stopping, run.Interrupted);
        if (Meanwhile is not null)
            await Meanwhile(run, interrupted.Token);
        return RetrainWorld.Untrained(run.Id, seed: 2, run.Status.Request.FromScratch ? null : data.Champion.Version);
    }
}

/// <summary>Decides as it is told, and remembers what it was asked.</summary>
internal sealed class FakeJudge(bool promotes) : IChallengerJudge
{
    public List<(string Champion, bool HasShadow)> Asked { get; } = [];

    public Func<Task>? Meanwhile { get; set; }

    public async Task<Judgement> JudgeAsync(
        ServedModel champion, ServedModel challenger, TrainingRunStatus run, (ShadowTerms Terms, ShadowSummary Seen)? shadow, CancellationToken cancellationToken)
    {
        Asked.Add((champion.Version, shadow is not null));
        if (Meanwhile is { } meanwhile)
            await meanwhile();
        var decision = PromotionGate.Decide(
            run.Request.Promotion, new ComparedModels(champion, challenger, run.EvaluationSet!, 0, []), shadow, new DateTime(2026, 11, 27, 3, 0, 0, DateTimeKind.Utc));
        return new Judgement(decision with { Promote = promotes, Reason = promotes ? "Better." : "Not better." }, [], []);
    }
}
