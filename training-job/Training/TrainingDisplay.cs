using Spectre.Console;

namespace CtSeg.TrainingJob.Training;

/// <summary>Shows trainings to whoever started the command: a bar on a terminal, lines in a pipe.</summary>
internal sealed class TrainingDisplay
{
    private readonly ProgressContext? _context;

    private TrainingDisplay(ProgressContext? context) => _context = context;

    public static T Show<T>(Func<TrainingDisplay, T> work) => Console.IsOutputRedirected
        ? work(new TrainingDisplay(context: null))
        : AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context => work(new TrainingDisplay(context)));

    /// <param name="name">Of the training, told before it; empty for none.</param>
    public ITrainingProgress Next(string name)
    {
        if (name.Length > 0)
            Console.WriteLine(name);
        return _context is null ? new PlainProgress(Console.Out) : new BarProgress(_context);
    }
}
