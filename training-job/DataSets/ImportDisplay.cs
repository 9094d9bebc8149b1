using CtSeg.DataSets;
using Spectre.Console;

namespace CtSeg.TrainingJob.DataSets;

/// <summary>Shows an import: a bar on a terminal, a line a slice in a pipe; what was refused stays readable on either.</summary>
internal static class ImportDisplay
{
    /// <param name="output">Where lines go.</param>
    /// <param name="errors">Where refusals go.</param>
    public static Task ShowAsync(Func<IImportProgress, Task> work, TextWriter output, TextWriter errors) => Console.IsOutputRedirected || output != Console.Out
        ? work(new Lines(output, errors))
        : ShowAsync(work, AnsiConsole.Console, TimeProvider.System);

    /// <summary>Shows it as a bar.</summary>
    public static Task ShowAsync(Func<IImportProgress, Task> work, IAnsiConsole terminal, TimeProvider time) =>
        ProgressBars.ShowAsync(terminal, time, width: 20, context => work(new Bar(terminal, context)));

    private sealed class Lines(TextWriter output, TextWriter errors) : IImportProgress
    {
        public void Started(int slices)
        {
        }

        public void Stored(string name, SliceChange change) => output.WriteLine($"{name}: {change.ToString().ToLowerInvariant()}");

        public void Refused(string name, string reason) => errors.WriteLine($"{name}: refused: {reason}");
    }

    private sealed class Bar(IAnsiConsole terminal, ProgressContext context) : IImportProgress
    {
        private ProgressTask? _task;

        public void Started(int slices) => _task = context.AddTask("slices", maxValue: Math.Max(1, slices));

        public void Stored(string name, SliceChange change) => _task!.Increment(1);

        // By the terminal, which moves the bar out of the way.
        public void Refused(string name, string reason)
        {
            terminal.WriteLine($"{name}: refused: {reason}");
            _task!.Increment(1);
        }
    }
}
