using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>Pixel counts by true and predicted class; every score is computed from them.</summary>
internal sealed class ConfusionMatrix
{
    private readonly long[,] _counts = new long[LesionMask.ClassCount, LesionMask.ClassCount];

    public static ConfusionMatrix Of(LesionMask truth, LesionMask prediction)
    {
        if (truth.Width != prediction.Width || truth.Height != prediction.Height)
            throw new ArgumentException($"A prediction of {prediction.Width} x {prediction.Height} cannot be scored against {truth.Width} x {truth.Height}.", nameof(prediction));
        var matrix = new ConfusionMatrix();
        for (var pixel = 0; pixel < truth.Labels.Length; pixel++)
            matrix._counts[truth.Labels[pixel], prediction.Labels[pixel]]++;
        return matrix;
    }

    /// <param name="counts">By true and predicted class, row by row, 16 numbers.</param>
    public static ConfusionMatrix FromCounts(IReadOnlyList<long> counts)
    {
        if (counts.Count != LesionMask.ClassCount * LesionMask.ClassCount || counts.Any(count => count < 0))
            throw new ArgumentException("A confusion matrix has 16 counts, none negative.", nameof(counts));
        var matrix = new ConfusionMatrix();
        for (var at = 0; at < counts.Count; at++)
            matrix._counts[at / LesionMask.ClassCount, at % LesionMask.ClassCount] = counts[at];
        return matrix;
    }

    /// <value>By true and predicted class, row by row.</value>
    public IReadOnlyList<long> Counts => [.. _counts.Cast<long>()];

    public static ConfusionMatrix Sum(IEnumerable<ConfusionMatrix> matrices)
    {
        var sum = new ConfusionMatrix();
        foreach (var matrix in matrices)
        {
            for (var truth = 0; truth < LesionMask.ClassCount; truth++)
            {
                for (var prediction = 0; prediction < LesionMask.ClassCount; prediction++)
                    sum._counts[truth, prediction] += matrix._counts[truth, prediction];
            }
        }
        return sum;
    }

    /// <returns>One matrix a group, in an order that does not depend on that of the slices.</returns>
    public static IReadOnlyList<ConfusionMatrix> SumByGroup(IEnumerable<ScoredSlice> slices) =>
        [.. GroupBootstrap.ByGroup(slices, slice => slice.Group).Select(group => Sum(group.Select(slice => slice.Matrix)))];

    /// <summary>What a prediction of nothing makes of the same truth.</summary>
    public ConfusionMatrix AllBackground()
    {
        var nothing = new ConfusionMatrix();
        for (var truth = 0; truth < LesionMask.ClassCount; truth++)
            nothing._counts[truth, (int)LesionClass.Background] = Truth(truth);
        return nothing;
    }

    public long Total => Enumerable.Range(0, LesionMask.ClassCount).Sum(Truth);

    public long Correct => Enumerable.Range(0, LesionMask.ClassCount).Sum(label => _counts[label, label]);

    public long Pixels(int truth, int prediction) => _counts[truth, prediction];

    /// <summary>Pixels whose true class is among the labels.</summary>
    public long Truth(params ReadOnlySpan<int> labels) => Count(labels, [0, 1, 2, 3]);

    /// <summary>Pixels that are given one of the labels.</summary>
    public long Predicted(params ReadOnlySpan<int> labels) => Count([0, 1, 2, 3], labels);

    /// <summary>Dice of the labels as one class, 2 |A and B| / (|A| + |B|); null where neither side has any.</summary>
    public double? Dice(params ReadOnlySpan<int> labels)
    {
        var both = Count(labels, labels);
        var sides = Truth(labels) + Predicted(labels);
        return sides == 0 ? null : 2.0 * both / sides;
    }

    /// <summary>Share of the pixels given one of the labels that truly have one; null where none is given.</summary>
    public double? Precision(params ReadOnlySpan<int> labels) => Ratio(Count(labels, labels), Predicted(labels));

    /// <summary>Share of the pixels that truly have one of the labels and are given one; null where none has.</summary>
    public double? Recall(params ReadOnlySpan<int> labels) => Ratio(Count(labels, labels), Truth(labels));

    /// <summary>|A and B| / |A or B|, the Jaccard index; null where neither side has any.</summary>
    public double? IntersectionOverUnion(params ReadOnlySpan<int> labels)
    {
        var both = Count(labels, labels);
        return Ratio(both, Truth(labels) + Predicted(labels) - both);
    }

    /// <summary>Share of all pixels on whose membership both sides agree; null where there are no pixels.</summary>
    public double? Accuracy(params ReadOnlySpan<int> labels)
    {
        var (both, total) = (Count(labels, labels), Count([0, 1, 2, 3], [0, 1, 2, 3]));
        return Ratio(total - Truth(labels) - Predicted(labels) + (2 * both), total);
    }

    private static double? Ratio(long part, long whole) => whole == 0 ? null : (double)part / whole;

    private long Truth(int label) => Truth([label]);

    private long Count(ReadOnlySpan<int> truths, ReadOnlySpan<int> predictions)
    {
        long sum = 0;
        foreach (var truth in truths)
        {
            foreach (var prediction in predictions)
                sum += _counts[truth, prediction];
        }
        return sum;
    }
}
