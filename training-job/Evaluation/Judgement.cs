using CtSeg.Models;
using CtSeg.TrainingJob.Model;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>Another way from a network's logits to its classes and probabilities than its manifest has, to be tried without another training.</summary>
internal sealed record Judgement
{
    /// <summary>As <see cref="ModelConfiguration.ClassOffsets"/>; null for those of the model.</summary>
    public IReadOnlyList<double>? ClassOffsets { get; init; }

    /// <summary>As <see cref="ModelConfiguration.Temperature"/>; null for that of the model.</summary>
    public double? Temperature { get; init; }

    /// <returns>A model's configuration with this judgement in place of its own.</returns>
    public ModelConfiguration Of(ModelConfiguration configuration) => configuration with
    {
        ClassOffsets = ClassOffsets ?? configuration.ClassOffsets,
        Temperature = Temperature ?? configuration.Temperature,
    };

    /// <exception cref="InvalidDataException">A value is out of its range; the message says which.</exception>
    public void ApplyTo(ResidualAttentionUNet network)
    {
        var judged = Of(network.Configuration);
        judged.Validate();
        (network.ClassOffsets, network.Temperature) = (judged.ClassOffsets, judged.Temperature);
    }
}
