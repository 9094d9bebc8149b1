using Spectre.Console;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>Shows how far predictions are: a bar on a terminal, lines in a pipe. On standard error, since standard output may be a program's input.</summary>
internal static class PredictionDisplay
{
    /// <param name="predictions">That will be made.</param>
    /// <param name="work">Calls what it is given after each.</param>
    public static T Show<T>(int predictions, Func<Action, T> work) => Console.IsErrorRedirected
        ? Show(predictions, work, Console.Error, TimeProvider.System)
        : Show(predictions, work, AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }), TimeProvider.System);

    /// <summary>Shows them as lines: one at first, and one a minute.</summary>
    public static T Show<T>(int predictions, Func<Action, T> work, TextWriter output, TimeProvider time)
    {
        var (lines, done) = (new LineEveryMinute(output, time), 0);
        lines.Write($"{predictions} predictions ...");
        return work(() =>
        {
            done++;
            if (lines.IsDue)
                lines.Write($"{done} of {predictions} predictions");
        });
    }

    /// <summary>Shows them as a bar.</summary>
    public static T Show<T>(int predictions, Func<Action, T> work, IAnsiConsole terminal, TimeProvider time) => ProgressBars.Show(terminal, time, width: 20, context =>
    {
        var task = context.AddTask("predictions", maxValue: Math.Max(1, predictions));
        return work(() => task.Increment(1));
    });
}
