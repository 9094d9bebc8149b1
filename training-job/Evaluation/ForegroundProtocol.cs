using CtSeg.Models;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>One scored slice.</summary>
internal sealed record ScoredSlice(string Name, string Group, ConfusionMatrix Matrix);

/// <summary>
/// Lesion classes only, at the masks' own size: Dice pooled over all pixels, with a bootstrap interval over groups (slices of
/// one group are likely of one patient, and so not independent).
/// </summary>
internal static class ForegroundProtocol
{
    /// <summary>What is scored: infection, the three lesion classes as one, then each of them.</summary>
    public static IReadOnlyList<(string Name, int[] Labels)> Findings { get; } =
    [
        ("infection", [1, 2, 3]),
        (LesionClass.GroundGlassOpacity.Token, [1]),
        (LesionClass.Consolidation.Token, [2]),
        (LesionClass.PleuralEffusion.Token, [3]),
    ];

    public static ForegroundScores Score(IReadOnlyList<ScoredSlice> slices, int seed = 1)
    {
        var scores = Findings.Select(finding => Score(finding.Name, finding.Labels, slices, seed)).ToList();
        return new ForegroundScores(scores[0], scores[1..]);
    }

    private static ClassScore Score(string name, int[] labels, IReadOnlyList<ScoredSlice> slices, int seed)
    {
        var withClass = slices.Where(slice => slice.Matrix.Truth(labels) > 0).ToList();
        return new ClassScore(
            name,
            ConfusionMatrix.Sum(slices.Select(slice => slice.Matrix)).Dice(labels),
            Interval(labels, slices, seed),
            withClass.Count == 0 ? null : withClass.Average(slice => slice.Matrix.Dice(labels)!.Value),
            withClass.Count);
    }

    private static ScoreInterval? Interval(int[] labels, IReadOnlyList<ScoredSlice> slices, int seed) => GroupBootstrap.Interval(
        [.. GroupBootstrap.ByGroup(slices, slice => slice.Group)
            .Select(group => ConfusionMatrix.Sum(group.Select(slice => slice.Matrix)))],
        drawn => ConfusionMatrix.Sum(drawn).Dice(labels),
        seed);
}
