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
    public const int Resamples = 1000;

    private static readonly (string Name, int[] Labels)[] Lesions =
    [
        (LesionClass.GroundGlassOpacity.Token, [1]),
        (LesionClass.Consolidation.Token, [2]),
        (LesionClass.PleuralEffusion.Token, [3]),
    ];

    public static ForegroundScores Score(IReadOnlyList<ScoredSlice> slices, int seed = 1) => new(
        Score("infection", [1, 2, 3], slices, seed),
        [.. Lesions.Select(lesion => Score(lesion.Name, lesion.Labels, slices, seed))]);

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

    private static ScoreInterval? Interval(int[] labels, IReadOnlyList<ScoredSlice> slices, int seed)
    {
        var groups = slices.GroupBy(slice => slice.Group)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => ConfusionMatrix.Sum(group.Select(slice => slice.Matrix))).ToList();
        if (groups.Count < 2)
            return null;
        var random = new Random(seed);
        var draws = new List<double>();
        for (var draw = 0; draw < Resamples; draw++)
        {
            var drawn = Enumerable.Range(0, groups.Count).Select(_ => groups[random.Next(groups.Count)]).ToList();
            if (ConfusionMatrix.Sum(drawn).Dice(labels) is { } dice)
                draws.Add(dice);
        }
        draws.Sort();
        return draws.Count == 0 ? null : new ScoreInterval(Quantile(draws, 0.025), Quantile(draws, 0.975));
    }

    /// <summary>Linear between the neighbouring order statistics.</summary>
    public static double Quantile(IReadOnlyList<double> sorted, double share)
    {
        var at = share * (sorted.Count - 1);
        var below = (int)at;
        return below + 1 == sorted.Count ? sorted[below] : sorted[below] + ((at - below) * (sorted[below + 1] - sorted[below]));
    }
}
