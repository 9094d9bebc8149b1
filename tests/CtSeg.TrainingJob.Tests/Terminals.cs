using Spectre.Console;

namespace CtSeg.TrainingJob.Tests;

/// <summary>Terminals that bars are drawn on.</summary>
internal static class Terminals
{
    public static IAnsiConsole On(TextWriter output, int width)
    {
        var terminal = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.Yes, Out = new AnsiConsoleOutput(output),
        });
        (terminal.Profile.Width, terminal.Profile.Height) = (width, 24);
        return terminal;
    }
}
