using System.Globalization;
using Spectre.Console;

namespace CtSeg.TrainingJob.Training;

/// <summary>Told what a training run does.</summary>
internal interface ITrainingProgress
{
    void Started(TrainingStart start);

    /// <param name="steps">Done in this epoch.</param>
    void StepDone(int steps);
    void EpochDone(EpochRecord epoch);

    /// <param name="what">Is done after the epochs, and takes a while.</param>
    void Finishing(string what)
    {
    }

    /// <summary>So much is done of what <see cref="Finishing"/> named last.</summary>
    void FinishingStepDone(int done, int steps)
    {
    }
}

/// <summary>A line an epoch, and within a long one a line a minute: for pipes and log files.</summary>
internal sealed class PlainProgress(TextWriter output, TimeProvider time) : ITrainingProgress
{
    // Of large networks an epoch takes an hour, in which silence would look like a standstill.
    private readonly LineEveryMinute _lines = new(output, time);
    private EpochTimes _times = new([]);
    private int _epochs;
    private int _epoch;
    private int _stepsPerEpoch;
    private string _finishing = "";

    public void Started(TrainingStart start)
    {
        (_epochs, _epoch, _stepsPerEpoch, _times) = (start.Costs.Count, start.EpochsDone + 1, start.StepsPerEpoch, new EpochTimes(start.Costs));
        _lines.Write(start.Describe());
    }

    public void StepDone(int steps)
    {
        if (_lines.IsDue)
            _lines.Write($"epoch {_epoch}/{_epochs}: step {steps} of {_stepsPerEpoch}");
    }

    public void EpochDone(EpochRecord epoch)
    {
        var left = _times.Left(epoch);
        _epoch = epoch.Epoch + 1;
        _lines.Write(string.Create(
            CultureInfo.InvariantCulture, $"{Describe(epoch, _epochs)}{Dice(epoch)}, {epoch.Seconds:F1} s, {(int)left.TotalHours}:{left:mm\\:ss} left"));
    }

    public void Finishing(string what)
    {
        _finishing = what;
        _lines.Write($"{what} ...");
    }

    public void FinishingStepDone(int done, int steps)
    {
        if (_lines.IsDue)
            _lines.Write($"{_finishing}: step {done} of {steps}");
    }

    public static string Describe(EpochRecord epoch, int epochs) =>
        string.Create(CultureInfo.InvariantCulture, $"epoch {epoch.Epoch}/{epochs}: loss {epoch.Loss:F4}");

    /// <returns>Empty where the epoch was not scored.</returns>
    public static string Dice(EpochRecord epoch) => epoch.HeldOutDice is { } scores
        ? ", held-out Dice " + string.Join(", ", scores.Select(score => string.Create(CultureInfo.InvariantCulture, $"{score.Key} {score.Value:F3}")))
        : "";
}

/// <summary>A bar on a terminal, over what this call has to do: what was done before would count as speed.</summary>
internal sealed class BarProgress(IAnsiConsole terminal, ProgressContext context) : ITrainingProgress
{
    // Of large networks a step takes a minute: the time left is guessed from several.
    private static readonly TimeSpan SpeedOver = TimeSpan.FromMinutes(10);

    private ProgressTask? _task;
    private TrainingStart _start = new(new GroupSplit([], []), 0, [], 1, Moved: false);
    private int _epoch;
    private double _done;
    private string _dice = "";

    public void Started(TrainingStart start)
    {
        terminal.WriteLine(start.Describe());
        (_start, _epoch, _done) = (start, start.EpochsDone, 0);
        _task = context.AddTask("training", maxValue: Math.Max(double.Epsilon, start.Costs.Skip(start.EpochsDone).Sum()));
        _task.MaxSamplingAge = SpeedOver;
    }

    public void StepDone(int steps) => _task!.Value = _done + (_start.Costs[_epoch] * steps / _start.StepsPerEpoch);

    public void EpochDone(EpochRecord epoch)
    {
        _done += _start.Costs[_epoch++];
        _task!.Value = _done;
        var done = PlainProgress.Describe(epoch, _start.Costs.Count);
        if (epoch.HeldOutDice is { } scores)
        {
            // With their names above the bar: beside it there is room for the numbers alone.
            terminal.WriteLine(done + PlainProgress.Dice(epoch));
            _dice = ", Dice " + string.Join(' ', scores.Values.Select(score => score?.ToString("F2", CultureInfo.InvariantCulture) ?? "-"));
        }
        _task.Description = Markup.Escape(done + _dice);
    }

    public void Finishing(string what)
    {
        terminal.WriteLine($"{what} ...");
        _task!.StopTask();
        _task = context.AddTask(what);
        _task.IsIndeterminate = true;
    }

    public void FinishingStepDone(int done, int steps)
    {
        _task!.IsIndeterminate = false;
        _task.Value = _task.MaxValue * done / steps;
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
