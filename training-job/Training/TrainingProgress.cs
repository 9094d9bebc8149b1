using System.Globalization;
using Spectre.Console;

namespace CtSeg.TrainingJob.Training;

/// <summary>Told what a training run does.</summary>
internal interface ITrainingProgress
{
    /// <param name="costs">Of every epoch of the run, relative to each other.</param>
    void Started(GroupSplit split, int epochsDone, IReadOnlyList<double> costs, int stepsPerEpoch);

    /// <param name="steps">Done in this epoch.</param>
    void StepDone(int steps);
    void EpochDone(EpochRecord epoch);
}

/// <summary>A line an epoch: for pipes and log files.</summary>
internal sealed class PlainProgress(TextWriter output) : ITrainingProgress
{
    private EpochTimes _times = new([]);
    private int _epochs;

    public void Started(GroupSplit split, int epochsDone, IReadOnlyList<double> costs, int stepsPerEpoch)
    {
        (_epochs, _times) = (costs.Count, new EpochTimes(costs));
        output.WriteLine(Describe(split, epochsDone));
        output.Flush();
    }

    public void StepDone(int steps)
    {
    }

    public void EpochDone(EpochRecord epoch)
    {
        var left = _times.Left(epoch);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{Describe(epoch, _epochs)}{Dice(epoch)}, {epoch.Seconds:F1} s, {(int)left.TotalHours}:{left:mm\\:ss} left"));
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

/// <summary>A bar on a terminal, over what this call has to do: what was done before would count as speed.</summary>
internal sealed class BarProgress(ProgressContext context) : ITrainingProgress
{
    private ProgressTask? _task;
    private IReadOnlyList<double> _costs = [];
    private int _stepsPerEpoch;
    private int _epoch;
    private double _done;
    private string _dice = "";

    public void Started(GroupSplit split, int epochsDone, IReadOnlyList<double> costs, int stepsPerEpoch)
    {
        AnsiConsole.WriteLine(PlainProgress.Describe(split, epochsDone));
        (_costs, _stepsPerEpoch, _epoch, _done) = (costs, stepsPerEpoch, epochsDone, 0);
        _task = context.AddTask("training", maxValue: Math.Max(double.Epsilon, costs.Skip(epochsDone).Sum()));
    }

    public void StepDone(int steps) => _task!.Value = _done + (_costs[_epoch] * steps / _stepsPerEpoch);

    public void EpochDone(EpochRecord epoch)
    {
        _done += _costs[_epoch++];
        _task!.Value = _done;
        // The last scores stay until there are new ones.
        if (epoch.HeldOutDice is not null)
            _dice = PlainProgress.Dice(epoch);
        _task.Description = Markup.Escape(PlainProgress.Describe(epoch, _costs.Count) + _dice);
    }
}

/// <summary>Guesses what is left from the epochs of this process.</summary>
/// <param name="costs">Of every epoch, relative to each other.</param>
internal sealed class EpochTimes(IReadOnlyList<double> costs)
{
    private double _seconds;
    private double _cost;

    public TimeSpan Left(EpochRecord epoch)
    {
        _seconds += epoch.Seconds;
        _cost += costs[epoch.Epoch - 1];
        return TimeSpan.FromSeconds(_seconds / _cost * costs.Skip(epoch.Epoch).Sum());
    }
}
