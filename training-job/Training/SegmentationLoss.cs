using CtSeg.Segmentation;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Training;

/// <summary>
/// Cross entropy (arXiv:2004.05645, section III) plus the soft Dice loss of the lesion classes, without which the few lesion
/// pixels count for little.
/// </summary>
internal static class SegmentationLoss
{
    private const double Smoothing = 1;

    /// <param name="logits">[batch, 4, height, width]</param>
    /// <param name="classes">[batch, height, width], 64-bit integers.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Compute(Tensor logits, Tensor classes, TrainingOptions options)
    {
        using var scope = NewDisposeScope();
        var weights = options.ClassWeights is { } given ? tensor([.. given.Select(weight => (float)weight)], device: logits.device) : null;
        var crossEntropy = nn.functional.cross_entropy(logits, classes, weights);
        return options.DiceLoss
            ? crossEntropy.add(DiceLoss(logits, classes, options.DiceOfPresent)).MoveToOuterDisposeScope()
            : crossEntropy.MoveToOuterDisposeScope();
    }

    private static Tensor DiceLoss(Tensor logits, Tensor classes, bool ofPresent)
    {
        using var scope = NewDisposeScope();
        var probabilities = logits.softmax(1).narrow(1, 1, LesionMask.ClassCount - 1);
        var truth = nn.functional.one_hot(classes, LesionMask.ClassCount).permute(0, 3, 1, 2)
            .narrow(1, 1, LesionMask.ClassCount - 1).to(probabilities.dtype);
        var both = probabilities.mul(truth).sum([0, 2, 3]);
        var sides = probabilities.sum([0, 2, 3]).add(truth.sum([0, 2, 3]));
        var dice = both.mul(2).add(Smoothing).div(sides.add(Smoothing));
        if (!ofPresent)
            return dice.mean().neg().add(1).MoveToOuterDisposeScope();
        var present = truth.sum([0, 2, 3]).gt(0).to(dice.dtype);
        var lack = dice.neg().add(1).mul(present).sum();
        return lack.div(present.sum().clamp(min: 1)).MoveToOuterDisposeScope();
    }
}
