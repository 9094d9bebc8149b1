using Spectre.Console;

namespace CtSeg.TrainingJob.Training;

/// <summary>Shows trainings to whoever started the command: a bar on a terminal, lines in a pipe.</summary>
internal sealed class TrainingDisplay
{
    private readonly (IAnsiConsole Terminal, ProgressContext Context)? _bars;

    private TrainingDisplay((IAnsiConsole Terminal, ProgressContext Context)? bars) => _bars = bars;

    public static T Show<T>(Func<TrainingDisplay, T> work) => Console.IsOutputRedirected
        ? work(new TrainingDisplay(bars: null))
        : Show(work, AnsiConsole.Console, TimeProvider.System);

    /// <summary>Shows them as bars.</summary>
    public static T Show<T>(Func<TrainingDisplay, T> work, IAnsiConsole terminal, TimeProvider time) =>
        // Fits a terminal of 80 columns.
        ProgressBars.Show(terminal, time, width: 8, context => work(new TrainingDisplay((terminal, context))));

    /// <param name="name">Of the training, told before it; empty for none.</param>
    public ITrainingProgress Next(string name)
    {
        if (_bars is var (terminal, context))
        {
            // By the terminal, which moves the bars out of the way.
            if (name.Length > 0)
                terminal.WriteLine(name);
            return new BarProgress(terminal, context);
        }
        if (name.Length > 0)
            Console.WriteLine(name);
        return new PlainProgress(Console.Out, TimeProvider.System);
    }
}
