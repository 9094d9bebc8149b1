using CtSeg.Models;

namespace CtSeg.TrainingJob.Training;

/// <summary>What decides a training run; two runs with equal options and data end with equal weights.</summary>
internal sealed record TrainingOptions
{
    public ModelConfiguration Configuration { get; init; } = new();
    public int Epochs { get; init; } = 60;

    /// <summary>Side of the crops, pixels of the network's input; a multiple of 16 wastes nothing.</summary>
    public int InputSize { get; init; } = 224;

    public int BatchSize { get; init; } = 4;

    /// <summary>The highest of the one-cycle schedule.</summary>
    public double LearningRate { get; init; } = 2e-3;

    public double WeightDecay { get; init; } = 1e-2;

    /// <summary>Of the exponential moving average of the weights, per step.</summary>
    public double AverageDecay { get; init; } = 0.99;

    /// <summary>Share of the slices whose groups are held out.</summary>
    public double HeldOutShare { get; init; } = 0.25;

    /// <summary>Decides first weights, split, order and augmentation.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The held-out groups are scored every so many epochs, for the curve only.</summary>
    public int ScoreEvery { get; init; } = 10;
}
