using CtSeg.TrainingJob.Registry;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.TrainingJob.Tests.Registry;

public sealed class CompareCommandTests
{
    [Fact]
    public void Given_APipe_When_SlicesAreCompared_Then_TheFirstTheLastAndOneAMinuteAreLines()
    {
        var time = new FakeTimeProvider();
        using var output = new StringWriter();
        var done = CompareCommand.InLines(output, time);

        for (var slice = 1; slice <= 6; slice++)
        {
            time.Advance(TimeSpan.FromSeconds(20));
            done(slice, 6);
        }

        output.ToString().Split(Environment.NewLine)[..^1].ShouldBe(["1 of 6 slices", "4 of 6 slices", "6 of 6 slices"]);
    }
}
