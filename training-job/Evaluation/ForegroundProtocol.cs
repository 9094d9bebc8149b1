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

    /// <summary>What a mean per image is of.</summary>
    public const string RuleOfImages = "Mean per image: of the Dice of every slice whose truth holds the class; slices without it are left out.";

    public static ForegroundScores Score(IReadOnlyList<ScoredSlice> slices)
    {
        var scores = Findings.Select(finding => Score(finding.Name, finding.Labels, slices)).ToList();
        return new ForegroundScores(scores[0], scores[1..]);
    }

    /// <summary>The Dice of every slice whose truth holds the labels, none of them null; their mean is the mean per image, null where there are none.</summary>
    public static IReadOnlyList<double?> DiceOfImages(IEnumerable<ConfusionMatrix> slices, int[] labels) =>
        [.. slices.Where(slice => slice.Truth(labels) > 0).Select(slice => slice.Dice(labels))];

    private static ClassScore Score(string name, int[] labels, IReadOnlyList<ScoredSlice> slices)
    {
        var ofImages = DiceOfImages(slices.Select(slice => slice.Matrix), labels);
        return new ClassScore(
            name,
            ConfusionMatrix.Sum(slices.Select(slice => slice.Matrix)).Dice(labels),
            GroupBootstrap.Interval(ConfusionMatrix.SumByGroup(slices), drawn => ConfusionMatrix.Sum(drawn).Dice(labels)),
            ofImages.Average(),
            ofImages.Count)
        {
            MeanPerImageInterval = GroupBootstrap.IntervalOfMean(
                [.. GroupBootstrap.ByGroup(slices, slice => slice.Group).Select(group => DiceOfImages(group.Select(slice => slice.Matrix), labels))]),
        };
    }
}
