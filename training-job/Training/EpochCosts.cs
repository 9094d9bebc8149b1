namespace CtSeg.TrainingJob.Training;

/// <summary>What the epochs of a training cost, relative to each other: pixels, and the attention where it takes part.</summary>
internal static class EpochCosts
{
    // Attention at all levels takes two thirds of a step.
    private const double WithAttention = 3;

    /// <returns>One number an epoch, more than 0.</returns>
    public static IReadOnlyList<double> Of(TrainingOptions options)
    {
        var (stages, attends) = (Stages(options), FirstWithAttention(options));
        return [.. Enumerable.Range(0, options.Epochs).Select(CostOf)];

        double CostOf(int epoch)
        {
            double side = stages.First(stage => epoch < stage.UntilEpoch).Options.InputSize;
            return side * side * (options.Configuration.UsesAttention && epoch >= attends ? WithAttention : 1);
        }
    }

    /// <summary>The most epochs whose time can be foreseen to be over by then.</summary>
    /// <param name="seconds">That the first epoch of a training with these options took.</param>
    /// <param name="within">Seconds for all epochs.</param>
    /// <returns>At most those of the options; 0 where not even one fits.</returns>
    public static int Fitting(TrainingOptions options, double seconds, double within)
    {
        var own = Of(options);
        var affordable = within / seconds * own[0];
        // No epoch costs less than the cheapest, so that more than these need not be looked at.
        var epochs = (int)Math.Min(options.Epochs, affordable / own.Min());
        while (epochs > 0 && Of(options with { Epochs = epochs }).Sum() > affordable)
            epochs--;
        return Math.Max(0, epochs);
    }

    /// <summary>The stages of the options and, as the last one, the rest: one epoch at least.</summary>
    public static IReadOnlyList<(int UntilEpoch, TrainingOptions Options)> Stages(TrainingOptions options) =>
        [.. options.Stages.Select(stage => (Math.Min((int)Math.Round(stage.Until * options.Epochs), options.Epochs - 1), stage.Of(options))), (options.Epochs, options)];

    /// <summary>The first epoch, from 0, in which the attention takes part: the last one at the latest.</summary>
    public static int FirstWithAttention(TrainingOptions options) => (int)(options.AttendsFrom * options.Epochs);
}
