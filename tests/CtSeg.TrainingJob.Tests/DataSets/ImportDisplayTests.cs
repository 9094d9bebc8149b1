using CtSeg.DataSets;
using CtSeg.TrainingJob.DataSets;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.TrainingJob.Tests.DataSets;

public sealed class ImportDisplayTests
{
    [Fact]
    public async Task Given_ATerminal_When_SlicesAreImported_Then_ABarAndWhatWasRefusedAboveIt()
    {
        using var output = new StringWriter();
        var terminal = Terminals.On(output, width: 120);
        await ImportDisplay.ShowAsync(
            progress =>
            {
                progress.Started(4);
                progress.Stored("a", SliceChange.Added);
                progress.Refused("b", "no [picture]");
                progress.Stored("c", SliceChange.Unchanged);
                return Task.CompletedTask;
            },
            terminal, new FakeTimeProvider());
        var screen = output.ToString();
        screen.ShouldContain("b: refused: no [picture]");
        screen.ShouldContain("75%");
        screen.ShouldNotContain("a: added");
    }

    [Fact]
    public async Task Given_APipe_When_SlicesAreImported_Then_ALineASliceAndRefusalsAsErrors()
    {
        using StringWriter output = new(), errors = new();
        await ImportDisplay.ShowAsync(
            progress =>
            {
                progress.Started(2);
                progress.Stored("a", SliceChange.Replaced);
                progress.Refused("b", "no picture");
                return Task.CompletedTask;
            },
            output, errors);
        output.ToString().ShouldBe("a: replaced" + Environment.NewLine);
        errors.ToString().ShouldBe("b: refused: no picture" + Environment.NewLine);
    }
}
