using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Promotion;

/// <summary>What two models make of the slices of one group; the truth in both is the same.</summary>
/// <param name="Group">Its name, which goes into no decision.</param>
internal sealed record ComparedGroup(string Group, ConfusionMatrix Champion, ConfusionMatrix Challenger);

/// <summary>Two models on the slices that both have never learnt from.</summary>
/// <param name="EvaluationSet">Version of the locked set, or what else the slices were of.</param>
/// <param name="Slices">Compared.</param>
internal sealed record ComparedModels(
    Models.ServedModel Champion, Models.ServedModel Challenger, string EvaluationSet, int Slices, IReadOnlyList<ComparedGroup> Groups);
