using CtSeg.TrainingJob.Bench;

namespace CtSeg.TrainingJob.Tests.Bench;

public sealed class BarsTests
{
    [Fact]
    public void Given_MeasurementsOfBothLengths_When_Judged_Then_RatiosAreThoseOfTheirTimes()
    {
        var verdicts = Bars.OfAttention(
        [
            new(36_864, "fused", "forward", 10, 6), new(147_456, "fused", "forward", 50, 24), new(147_456, "naive", "forward", 500, 7000),
            new(147_456, "exact", "forward", 40, 90),
        ], rounds: 2);
        verdicts.Single(verdict => verdict.Figure.Contains("naive forward")).ShouldSatisfyAllConditions(one => one.Value.ShouldBe(10), one => one.Holds.ShouldBeFalse());
        verdicts.Single(verdict => verdict.Figure.Contains("forward, time")).ShouldSatisfyAllConditions(one => one.Value.ShouldBe(5), one => one.Holds.ShouldBeFalse());
        verdicts.Single(verdict => verdict.Figure.Contains("forward, memory")).ShouldSatisfyAllConditions(one => one.Value.ShouldBe(4), one => one.Holds.ShouldBeTrue());
        verdicts.Single(verdict => verdict.Figure.Contains("fused / exact")).ShouldSatisfyAllConditions(one => one.Value.ShouldBe(1.25), one => one.Holds.ShouldBeFalse());
    }

    [Fact]
    public void Given_WideNetworks_When_Judged_Then_AttentionIsComparedWithItsNetworkWithout()
    {
        var verdicts = Bars.OfModel(
        [
            new("m-a", [], 64, 369, "fast", 100, 500), new("m-a", [], 64, 369, "naive", 170, 500), new("m", [0, 1, 2, 3], 64, 369, "fast", 160, 2000),
        ]);
        verdicts.Select(verdict => (Math.Round(verdict.Value, 6), verdict.Holds)).ShouldBe([(2000, false), (60, true), (1.6, false), (1.7, true)]);
    }

    [Theory]
    [InlineData(599, 1429, true, true)]
    [InlineData(601, 1429, false, true)]
    [InlineData(599, 1431, true, false)]
    public void Given_Predictions_When_Judged_Then_TimeAndMemoryHaveTheirBars(double ms, double mib, bool isFast, bool isSmall) =>
        Bars.OfPredictions(new PredictionMeasurement("m", 369, 369, 60, ms, ms, 5000, mib)).Select(verdict => verdict.Holds).ShouldBe([isFast, isSmall]);

    [Fact]
    public void Given_AMissedBar_When_Printed_Then_TheExitCodeSaysSo()
    {
        var output = new StringWriter();
        Verdict.Print([Verdict.AtMost("a", 1, "ms", 2), Verdict.AtLeast("b", 1, "ms", 2)], output).ShouldBe(ExitCodes.Failure);
        output.ToString().ShouldContain("missed");
        Verdict.Print([Verdict.AtMost("a", 1, "ms", 2)], output).ShouldBe(ExitCodes.Success);
    }
}
