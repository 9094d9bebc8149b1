using CtSeg.Models;

namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>Tables I and II of arXiv:2004.05645.</summary>
internal static class PublishedScores
{
    internal sealed record Scores(double Dice, double Accuracy, double Precision);

    public static Scores Of(string architecture, bool augmented) => (architecture, augmented) switch
    {
        (Architectures.Full, true) => new(0.94, 0.89, 0.95),
        (Architectures.Full, false) => new(0.83, 0.79, 0.82),
        (Architectures.WithoutAttention, true) => new(0.85, 0.82, 0.84),
        (Architectures.WithoutAttention, false) => new(0.79, 0.74, 0.77),
        (Architectures.WithoutResNeXt, true) => new(0.84, 0.81, 0.83),
        (Architectures.WithoutResNeXt, false) => new(0.77, 0.76, 0.77),
        (Architectures.UNet, true) => new(0.82, 0.79, 0.83),
        (Architectures.UNet, false) => new(0.75, 0.70, 0.72),
        _ => throw new ArgumentException($"The paper has no network '{architecture}'.", nameof(architecture)),
    };
}
