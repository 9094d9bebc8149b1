using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Promotion;

/// <summary>What two models make of the slices of one group; the truth in both is the same.</summary>
/// <param name="Group">Its name, which goes into no decision.</param>
internal sealed record ComparedGroup(string Group, ConfusionMatrix Champion, ConfusionMatrix Challenger)
{
    /// <value>What the start of the chain makes of it; null where there is none, or it has learnt from the group.</value>
    public ConfusionMatrix? Start { get; init; }
}

/// <summary>Two models on the slices that both have never learnt from.</summary>
/// <param name="EvaluationSet">Version of the locked set, or what else the slices were of.</param>
/// <param name="Slices">Compared.</param>
internal sealed record ComparedModels(
    Models.ServedModel Champion, Models.ServedModel Challenger, string EvaluationSet, int Slices, IReadOnlyList<ComparedGroup> Groups)
{
    /// <value>Null where no promotion led to the champion.</value>
    public ChainStart? Start { get; init; }
}

/// <summary>The model that the promotions to the champion began from.</summary>
/// <param name="Problem">One sentence: why it could not be compared; null where it was.</param>
internal sealed record ChainStart(Models.ServedModel Model, string? Problem);
