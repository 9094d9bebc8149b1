namespace CtSeg.TrainingJob.Evaluation;

/// <summary>Quantiles of a sample, linear between the neighbouring order statistics.</summary>
internal static class Quantiles
{
    /// <param name="sorted">Ascending, at least one.</param>
    /// <param name="share">0 to 1.</param>
    public static double Of(IReadOnlyList<double> sorted, double share)
    {
        var at = share * (sorted.Count - 1);
        var below = (int)at;
        return below + 1 == sorted.Count ? sorted[below] : sorted[below] + ((at - below) * (sorted[below + 1] - sorted[below]));
    }
}
