using Spectre.Console;

namespace CtSeg.TrainingJob.Tests.Registry;

public sealed class TableTests
{
    [Fact]
    public void Given_CellsWithMarkupAndTabs_When_Written_Then_AFrameShowsThemAsTheyAreAndAPipeGetsOneLineEach()
    {
        var table = new CtSeg.TrainingJob.Registry.Table("version", "why");
        table.Add("a", "[red]\tworse\nby [0.1, 0.2]");
        var (framed, plain) = (new StringWriter(), new StringWriter());
        table.WriteFramed(AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(framed) }));
        table.WritePlain(plain);
        framed.ToString().ShouldContain("[red]");
        framed.ToString().ShouldContain("[0.1, 0.2]");
        plain.ToString().ReplaceLineEndings("\n").ShouldBe("version\twhy\na\t[red] worse by [0.1, 0.2]\n");
    }
}
