using CtSeg.Models;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>
/// The nearest readings of arXiv:2004.05645's scores: all classes, background counted, at the network's size. With one label
/// a pixel, micro Dice, pixel accuracy and micro precision are one number.
/// </summary>
internal static class PaperProtocol
{
    public static PaperScores Score(IReadOnlyList<ScoredSlice> slices)
    {
        var sum = ConfusionMatrix.Sum(slices.Select(slice => slice.Matrix));
        var groups = ConfusionMatrix.SumByGroup(slices);
        return new PaperScores(MicroDice(sum), MeanClassDice(sum), (double)sum.Truth([0]) / sum.Total)
        {
            MicroDiceInterval = GroupBootstrap.Interval(groups, drawn => MicroDice(ConfusionMatrix.Sum(drawn))),
            MeanClassDiceInterval = GroupBootstrap.Interval(groups, drawn => MeanClassDice(ConfusionMatrix.Sum(drawn))),
        };
    }

    /// <summary>Of all pixels and classes.</summary>
    public static double MicroDice(ConfusionMatrix matrix) => (double)matrix.Correct / matrix.Total;

    /// <summary>Mean over those of the four classes that truth or prediction hold.</summary>
    public static double MeanClassDice(ConfusionMatrix matrix) => Enumerable.Range(0, LesionMask.ClassCount).Average(label => matrix.Dice([label]))!.Value;

    /// <summary>Mean over the same classes. One that is there and never predicted counts 0: who never predicts a class must not gain by it.</summary>
    public static double MeanClassPrecision(ConfusionMatrix matrix) => Enumerable.Range(0, LesionMask.ClassCount)
        .Average(label => matrix.Precision([label]) ?? (matrix.Truth([label]) > 0 ? 0 : null))!.Value;

    /// <summary>A mask at another size: the label under the centre of every new pixel; where that lies on an edge, the one to the right or below.</summary>
    public static LesionMask Resize(LesionMask mask, int width, int height)
    {
        var labels = new byte[width * height];
        for (var row = 0; row < height; row++)
        {
            var from = (int)((row + 0.5) * mask.Height / height) * mask.Width;
            for (var column = 0; column < width; column++)
                labels[(row * width) + column] = mask.Labels[from + (int)((column + 0.5) * mask.Width / width)];
        }
        return new LesionMask(width, height, labels);
    }
}
