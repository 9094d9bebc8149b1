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
    private readonly EpochTimes _times = new();
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
        var left = _times.Left(epoch, _epochs);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Describe(epoch, _epochs)}{Dice(epoch)}, {epoch.Seconds:F1} s, {left:h\\:mm\\:ss} left"));
        output.Flush();
    }

    public static string Describe(GroupSplit split, int epochsDone) =>
        $"{split.Training.Count} slices to fit, {split.HeldOut.Count} held out, no group on both sides"
        + (epochsDone > 0 ? $"; going on after epoch {epochsDone}" : "");

    public static string Describe(EpochRecord epoch, int epochs) =>
        string.Create(CultureInfo.InvariantCulture, $"epoch {epoch.Epoch}/{epochs}: loss {epoch.Loss:F4}");

    /// <returns>Empty where the epoch was not scored.</returns>
    public static string Dice(EpochRecord epoch) => epoch.HeldOutDice is { } scores
        ? ", held-out Dice " + string.Join(", ", scores.Select(score => string.Create(CultureInfo.InvariantCulture, $"{score.Key} {score.Value:F3}")))
        : "";
}

/// <summary>A bar on a terminal, over all steps of the run.</summary>
internal sealed class BarProgress(ProgressContext context) : ITrainingProgress
{
    private ProgressTask? _task;
    private (int Done, int Epochs, int Steps) _at;
    private string _dice = "";

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
        // The last scores stay until there are new ones.
        if (epoch.HeldOutDice is not null)
            _dice = PlainProgress.Dice(epoch);
        _task!.Description = Markup.Escape(PlainProgress.Describe(epoch, _at.Epochs) + _dice);
    }
}

/// <summary>Guesses what is left from the epochs of this process.</summary>
internal sealed class EpochTimes
{
    private double _seconds;
    private int _epochs;

    public TimeSpan Left(EpochRecord epoch, int epochs)
    {
        _seconds += epoch.Seconds;
        _epochs++;
        return TimeSpan.FromSeconds(_seconds / _epochs * (epochs - epoch.Epoch));
    }
}
