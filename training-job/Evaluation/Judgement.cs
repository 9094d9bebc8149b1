using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Model;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>Another way from a network's logits to its classes and probabilities than its manifest has.</summary>
/// <param name="ClassOffsets">As <see cref="ModelConfiguration.ClassOffsets"/>, 0 to leave logits as they are; null for those of the model.</param>
/// <param name="Temperature">As <see cref="ModelConfiguration.Temperature"/>, 1 to leave logits as they are; null for that of the model.</param>
internal sealed record Judgement(IReadOnlyList<double>? ClassOffsets = null, double? Temperature = null)
{
    /// <summary>That of a model, for the networks of others.</summary>
    public static Judgement Of(ModelConfiguration configuration) =>
        new(configuration.ClassOffsets ?? new double[LesionMask.ClassCount], configuration.Temperature ?? 1);

    /// <returns>A model's configuration with this judgement in place of its own.</returns>
    public ModelConfiguration In(ModelConfiguration configuration) => configuration with
    {
        ClassOffsets = ClassOffsets ?? configuration.ClassOffsets,
        Temperature = Temperature ?? configuration.Temperature,
    };

    /// <exception cref="InvalidDataException">A value is out of its range; the message says which.</exception>
    public void ApplyTo(ResidualAttentionUNet network)
    {
        var judged = In(network.Configuration);
        network.JudgeBy(judged.ClassOffsets, judged.Temperature);
    }
}
