using System.CommandLine;
using CtSeg.Models;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>The options by which the networks of a command are judged in another way than their manifests say.</summary>
internal sealed class JudgementOptions
{
    private readonly Option<double[]> _classOffsets = new("--class-offsets")
    {
        AllowMultipleArgumentsPerToken = true,
        Description = "Added to the logits of background, ground-glass, consolidation and effusion, in place of the model's own.",
    };

    private readonly Option<double?> _temperature = new("--temperature") { Description = "The logits are divided by it, in place of the model's own." };

    public void AddTo(Command command)
    {
        command.Add(_classOffsets);
        command.Add(_temperature);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_classOffsets) is { Length: > 0 } offsets && offsets.Length != LesionMask.ClassCount)
                result.AddError($"{_classOffsets.Name} takes {LesionMask.ClassCount} numbers, from background to effusion.");
        });
    }

    /// <exception cref="InvalidDataException">A value is out of its range; the message says which.</exception>
    public Judgement Of(ParseResult arguments)
    {
        var offsets = arguments.GetValue(_classOffsets);
        var judgement = new Judgement(offsets is { Length: > 0 } ? offsets : null, arguments.GetValue(_temperature));
        judgement.In(new ModelConfiguration()).Validate();
        return judgement;
    }
}
