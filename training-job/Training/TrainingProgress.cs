using System.Globalization;
using Spectre.Console;

namespace CtSeg.TrainingJob.Training;

/// <summary>Told what a training run does.</summary>
internal interface ITrainingProgress
{
    void Started(GroupSplit split, int epochsDone, int epochs, int stepsPerEpoch);
    void StepDone(int steps);
    void EpochDone(EpochRecord epoch);
}

/// <summary>A line an epoch: for pipes and log files.</summary>
internal sealed class PlainProgress(TextWriter output) : ITrainingProgress
{
    private int _epochs;

    public void Started(GroupSplit split, int epochsDone, int epochs, int stepsPerEpoch)
    {
        _epochs = epochs;
        output.WriteLine(Describe(split, epochsDone));
        output.Flush();
    }

    public void StepDone(int steps)
    {
    }

    public void EpochDone(EpochRecord epoch)
    {
        output.WriteLine(Describe(epoch, _epochs));
        output.Flush();
    }

    public static string Describe(GroupSplit split, int epochsDone) =>
        $"{split.Training.Count} slices to fit, {split.HeldOut.Count} held out, no group on both sides"
        + (epochsDone > 0 ? $"; going on after epoch {epochsDone}" : "");

    public static string Describe(EpochRecord epoch, int epochs)
    {
        var dice = epoch.HeldOutDice is { } scores
            ? ", held-out Dice " + string.Join(", ", scores.Select(score => string.Create(CultureInfo.InvariantCulture, $"{score.Key} {score.Value:F3}")))
            : "";
        return string.Create(CultureInfo.InvariantCulture, $"epoch {epoch.Epoch}/{epochs}: loss {epoch.Loss:F4}{dice}, {epoch.Seconds:F1} s");
    }
}

/// <summary>A bar on a terminal, over all steps of the run.</summary>
internal sealed class BarProgress(ProgressContext context) : ITrainingProgress
{
    private ProgressTask? _task;
    private (int Done, int Epochs, int Steps) _at;

    public void Started(GroupSplit split, int epochsDone, int epochs, int stepsPerEpoch)
    {
        AnsiConsole.WriteLine(PlainProgress.Describe(split, epochsDone));
        _at = (epochsDone, epochs, stepsPerEpoch);
        _task = context.AddTask("training", maxValue: (double)epochs * stepsPerEpoch);
        _task.Value = (double)epochsDone * stepsPerEpoch;
    }

    public void StepDone(int steps) => _task!.Value = ((double)_at.Done * _at.Steps) + steps;

    public void EpochDone(EpochRecord epoch)
    {
        _at.Done = epoch.Epoch;
        _task!.Description = Markup.Escape(PlainProgress.Describe(epoch, _at.Epochs));
    }
}
