using CtSeg.Segmentation;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Training;

/// <summary>
/// Cross entropy (arXiv:2004.05645, section III) plus a soft Dice loss, without which the few lesion pixels count for little.
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
        return options.Dice == DiceTerms.None
            ? crossEntropy.MoveToOuterDisposeScope()
            : crossEntropy.add(DiceLoss(logits, classes, options.Dice), alpha: One).MoveToOuterDisposeScope();
    }

    private static Tensor DiceLoss(Tensor logits, Tensor classes, string terms)
    {
        using var scope = NewDisposeScope();
        // Of the lesion classes: [batch, 3, height, width].
        var probabilities = logits.softmax(1).narrow(1, 1, LesionMask.ClassCount - 1);
        var truth = nn.functional.one_hot(classes, LesionMask.ClassCount).permute(0, 3, 1, 2)
            .narrow(1, 1, LesionMask.ClassCount - 1).to(probabilities.dtype);
        var lacks = Lacks(probabilities, truth);
        if (terms == DiceTerms.Classes)
            return lacks.mean().MoveToOuterDisposeScope();
        var counted = truth.sum([0, 2, 3]).gt(Kept(0)).to(lacks.dtype);
        if (terms == DiceTerms.Infection)
        {
            counted.narrow(0, (int)LesionClass.PleuralEffusion - 1, 1).zero_();
            lacks = cat([lacks, Lacks(probabilities.sum(1, keepdim: true), truth.sum(1, keepdim: true))], 0);
            counted = cat([counted, ones(1, counted.dtype, counted.device)], 0);
        }
        return lacks.mul(counted).sum().div(counted.sum().clamp(min: Kept(1))).MoveToOuterDisposeScope();
    }

    /// <param name="probabilities">[batch, channels, height, width]</param>
    /// <param name="truth">The same shape, 0 or 1.</param>
    /// <returns>What each channel's soft Dice, over all pixels of the batch, lacks to 1: [channels].</returns>
    private static Tensor Lacks(Tensor probabilities, Tensor truth)
    {
        var both = probabilities.mul(truth).sum([0, 2, 3]);
        var sides = probabilities.sum([0, 2, 3]).add(truth.sum([0, 2, 3]), alpha: One);
        return both.mul(Kept(2)).add(Kept(Smoothing), alpha: One).div(sides.add(Kept(Smoothing), alpha: One)).neg().add(Kept(1), alpha: One);
    }
}
