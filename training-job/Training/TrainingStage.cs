namespace CtSeg.TrainingJob.Training;

/// <summary>Epochs whose views are smaller than those of the last ones, and show as much of the slice.</summary>
/// <param name="Until">Share of all epochs after which it ends.</param>
/// <param name="Size">Side of its views as a share of the input size, to the nearest multiple of 16 pixels, at least 32.</param>
internal sealed record TrainingStage(double Until, double Size)
{
    private const int Step = 16;

    /// <summary>Side of the smallest views: the lowest level then has four pixels, of which a batch of one slice still has a variance.</summary>
    public const int Smallest = 2 * Step;

    /// <summary>The options of its epochs.</summary>
    public TrainingOptions Of(TrainingOptions options)
    {
        var side = Math.Max(Smallest, (int)Math.Round(Size * options.InputSize / Step) * Step);
        return options with { InputSize = side, Variation = options.Variation.Scaled((double)side / options.InputSize) };
    }

    /// <exception cref="InvalidDataException">A value is out of its range; the message says which.</exception>
    public void Validate()
    {
        TrainingOptions.Require(Until is > 0 and < 1, $"a stage ends after a share of {Until} of the epochs, not between 0 and 1");
        TrainingOptions.Require(Size is > 0 and <= 1, $"the views of a stage have {Size} of the input size, not above 0 and at most 1");
    }
}
