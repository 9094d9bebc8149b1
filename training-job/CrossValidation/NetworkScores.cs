using System.Text.Json.Nodes;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>
/// What a network reached over all folds: every slice is scored by the fold that held it out. Scores are means over the seeds, their intervals are
/// drawn over groups and seeds.
/// </summary>
/// <param name="Views">What it is shown of a slice.</param>
/// <param name="Weights">Numbers that training fits.</param>
/// <param name="Epochs">Of a fold.</param>
/// <param name="Steps">Optimiser steps of a fold.</param>
/// <param name="OwnOptions">By path, those that no other parameter holds and not all networks share; mostly none.</param>
/// <param name="SecondsPerStep">Wall time of a fold by its steps.</param>
/// <param name="Machines">Where its folds were trained; one that moved counts on each.</param>
/// <param name="MicroDice">Paper protocol: of all pixels and classes, background counted; equal to pixel accuracy.</param>
/// <param name="MeanClassDice">Paper protocol: mean over the four classes.</param>
/// <param name="MeanClassPrecision">Paper protocol: mean over the four classes; one that is there and never predicted counts 0.</param>
internal sealed record NetworkScores(
    string Architecture,
    bool Augmented,
    IReadOnlyList<int> Seeds,
    string Views,
    long Weights,
    CountRange Epochs,
    CountRange Steps,
    JsonObject OwnOptions,
    SecondsPerStep SecondsPerStep,
    IReadOnlyList<FoldsOfMachine> Machines,
    IntervalScore MicroDice,
    IntervalScore MeanClassDice,
    IntervalScore MeanClassPrecision,
    IReadOnlyList<FindingScores> Findings);

/// <summary>Paper protocol of a prediction of nothing, on the same slices: what its figures are to be held against.</summary>
internal sealed record AllBackgroundScores(IntervalScore MicroDice, IntervalScore MeanClassDice, IntervalScore MeanClassPrecision);

/// <summary>A count that may differ from fold to fold.</summary>
internal sealed record CountRange(int Least, int Most)
{
    public static CountRange Of(IReadOnlyCollection<int> counts) => new(counts.Min(), counts.Max());

    public override string ToString() => Least == Most ? $"{Least}" : $"{Least} to {Most}";
}

/// <summary>Over the folds. What else the machine did counts, so that sums and means of times say little.</summary>
internal sealed record SecondsPerStep(double Median, double Least, double Most)
{
    public static SecondsPerStep Of(IEnumerable<FoldResult> folds)
    {
        List<double> seconds = [.. folds.Select(fold => fold.Minutes * 60 / fold.Steps).Order()];
        return new SecondsPerStep(Quantiles.Of(seconds, 0.5), seconds[0], seconds[^1]);
    }
}

/// <summary>How many folds a machine had a part in.</summary>
internal sealed record FoldsOfMachine(TrainingMachine Machine, int Folds)
{
    /// <returns>In the order in which the machines appear.</returns>
    public static IReadOnlyList<FoldsOfMachine> Of(IEnumerable<FoldResult> folds) =>
        [.. folds.SelectMany(fold => fold.Machines.Distinct()).GroupBy(machine => machine).Select(same => new FoldsOfMachine(same.Key, same.Count()))];
}

/// <summary>Foreground protocol.</summary>
/// <param name="Dice">Pooled over the pixels of all slices.</param>
/// <param name="MeanPerImage">Mean Dice of the slices whose truth holds the class; the others are left out.</param>
/// <param name="DiceOfSeeds">In the order of the network's seeds.</param>
internal sealed record FindingScores(string Name, int SlicesWithClass, IntervalScore Dice, IntervalScore MeanPerImage, IReadOnlyList<double?> DiceOfSeeds);

/// <summary>What a network reaches more than another on the same slices; the other may be the same architecture without augmentation.</summary>
/// <param name="Claimed">That the paper states, of its DSC.</param>
/// <param name="Seeds">Of the network that was trained with fewer: one says nothing about the luck of a training.</param>
internal sealed record Difference(
    string Architecture,
    bool Augmented,
    string Other,
    bool OtherAugmented,
    double Claimed,
    int Seeds,
    IntervalScore MeanClassDice,
    IReadOnlyList<DifferenceOfFinding> Findings);

internal sealed record DifferenceOfFinding(string Name, IntervalScore Dice);
