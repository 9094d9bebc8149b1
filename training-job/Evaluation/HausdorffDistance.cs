using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>
/// The 95th-percentile Hausdorff distance: for either outline the distances of its pixels to the other outline, the 95th percentile of
/// each, and the larger of both (Metrics Reloaded, arXiv:2206.01653). An outline is the pixels of a class with one of their four
/// neighbours outside it or outside the image.
/// </summary>
internal static class HausdorffDistance
{
    private const double Share = 0.95;

    /// <param name="labels">The classes that count as one.</param>
    /// <returns>Pixels of the masks; null where one of the masks has none of the labels: no distance says that.</returns>
    public static double? Percentile95(LesionMask truth, LesionMask prediction, params ReadOnlySpan<int> labels)
    {
        if (truth.Width != prediction.Width || truth.Height != prediction.Height)
            throw new ArgumentException("Outlines can be compared only in masks of one size.", nameof(prediction));
        var (one, other) = (Outline(truth, labels), Outline(prediction, labels));
        if (!one.Contains(true) || !other.Contains(true))
            return null;
        return Math.Max(Directed(one, other, truth.Width, truth.Height), Directed(other, one, truth.Width, truth.Height));
    }

    private static double Directed(bool[] from, bool[] to, int width, int height)
    {
        var squared = DistanceTransform.Squared(to, width, height);
        var distances = new List<double>();
        for (var pixel = 0; pixel < from.Length; pixel++)
        {
            if (from[pixel])
                distances.Add(Math.Sqrt(squared[pixel]));
        }
        distances.Sort();
        return Quantiles.Of(distances, Share);
    }

    private static bool[] Outline(LesionMask mask, ReadOnlySpan<int> labels)
    {
        var inside = new bool[mask.Labels.Length];
        for (var pixel = 0; pixel < inside.Length; pixel++)
            inside[pixel] = labels.Contains(mask.Labels[pixel]);
        var (width, height, outline) = (mask.Width, mask.Height, new bool[inside.Length]);
        for (var row = 0; row < height; row++)
        {
            for (var column = 0; column < width; column++)
            {
                var pixel = (row * width) + column;
                outline[pixel] = inside[pixel]
                    && !(row > 0 && inside[pixel - width] && row + 1 < height && inside[pixel + width]
                        && column > 0 && inside[pixel - 1] && column + 1 < width && inside[pixel + 1]);
            }
        }
        return outline;
    }
}
