using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Tests.Evaluation;

public sealed class GroupBootstrapTests
{
    // The mean of many draws is nearly normal: its interval is known without drawing.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Given_ManyGroups_When_TheirMeanIsScored_Then_TheIntervalIsThatOfTheNormalDistribution(int seed)
    {
        var random = new Random(seed);
        var groups = Enumerable.Range(0, 400).Select(_ => random.NextDouble() * random.NextDouble()).ToList();
        var mean = groups.Average();
        var deviation = Math.Sqrt(groups.Sum(value => (value - mean) * (value - mean)) / groups.Count / groups.Count);
        var score = GroupBootstrap.Score(groups, drawn => drawn.Average());
        score.Value!.Value.ShouldBe(mean);
        score.Interval!.Low.ShouldBe(mean - (1.96 * deviation), 0.25 * deviation);
        score.Interval.High.ShouldBe(mean + (1.96 * deviation), 0.25 * deviation);
    }

    [Fact]
    public void Given_DrawsWithoutAScore_When_Scored_Then_TheyDoNotCount()
    {
        // Most draws hold the group without a value and have no score; of the rest all are 5.
        var score = GroupBootstrap.Score<double?>([null, 5, 5], drawn => drawn.Contains(null) ? null : drawn.Average());
        score.Value.ShouldBeNull();
        score.Interval!.Low.ShouldBe(5);
        score.Interval.High.ShouldBe(5);
    }

    [Fact]
    public void Given_OneGroupWithAValueAmongMany_When_Scored_Then_ThereIsNoInterval()
    {
        GroupBootstrap.IntervalOfMean([[], [5], [null]]).ShouldBeNull();
        GroupBootstrap.IntervalOfMean([[], [5], [7]]).ShouldBe(new CtSeg.Models.ScoreInterval(5, 7));
    }
}
