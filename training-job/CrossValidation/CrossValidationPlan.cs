using CtSeg.Models;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>One network of a cross-validation: trained once for every fold.</summary>
/// <param name="Architecture">One of <see cref="Architectures"/>.</param>
/// <param name="Augmented">Whether it sees the recipe's views of a slice, or the slice as it is.</param>
/// <param name="Seed">Of first weights, order and views; the folds do not depend on it.</param>
internal sealed record CrossValidationRun(string Architecture, bool Augmented, int Seed)
{
    /// <value>Name of its folder.</value>
    public string Name => $"{Architecture}-{(Augmented ? "augmented" : "plain")}-seed{Seed}";
}

/// <summary>What a cross-validation trains.</summary>
/// <param name="Options">Of every run, but for architecture, views and seed.</param>
/// <param name="Steps">Optimiser steps of every run, rounded to whole epochs; null for the epochs of the options.</param>
internal sealed record CrossValidationPlan(TrainingOptions Options, IReadOnlyList<CrossValidationRun> Runs, int Folds, int FoldSeed, int? Steps)
{
    /// <param name="slices">Slices that the fold fits.</param>
    public TrainingOptions OptionsOf(CrossValidationRun run, IReadOnlyList<LabelledSlice> slices)
    {
        var recipe = Options with { Configuration = Options.Configuration with { Architecture = run.Architecture }, Seed = run.Seed };
        var options = recipe.For(run.Augmented ? Options.Views : Views.None, Options.InputSize);
        if (Steps is not { } steps)
            return options;
        var stepsPerEpoch = Trainer.StepsOfEpoch(options, slices);
        return options with { Epochs = Math.Max(1, (int)Math.Round((double)steps / stepsPerEpoch)) };
    }
}
