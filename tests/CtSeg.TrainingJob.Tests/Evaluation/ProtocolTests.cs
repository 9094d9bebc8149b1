using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Tests.Evaluation;

public sealed class ProtocolTests
{
    private static readonly ScoredSlice[] Slices =
    [
        Slice("a", "g1", [1, 1, 0, 0], [1, 0, 0, 0]),
        Slice("b", "g1", [0, 0, 0, 0], [0, 1, 0, 0]),
        Slice("c", "g2", [1, 2, 2, 0], [1, 2, 2, 0]),
    ];

    [Fact]
    public void Given_ThreeSlices_When_ScoredByForeground_Then_FiguresAreAsByHand()
    {
        var scores = ForegroundProtocol.Score(Slices);
        // Infection: 1 + 0 + 3 pixels in common; sides 2 + 1, 0 + 1, 3 + 3.
        scores.Infection.Dice!.Value.ShouldBe(2.0 * 4 / 10, 1e-12);
        scores.Infection.SlicesWithClass.ShouldBe(2);
        scores.Infection.MeanPerImage!.Value.ShouldBe(((2.0 / 3) + 1) / 2, 1e-12);
        scores.Classes[0].Name.ShouldBe("ground-glass-opacity");
        scores.Classes[0].Dice!.Value.ShouldBe(2.0 * 2 / (3 + 1 + 2), 1e-12);
        scores.Classes[1].Dice.ShouldBe(1);
        scores.Classes[1].SlicesWithClass.ShouldBe(1);
        scores.Classes[2].Dice.ShouldBeNull();
        scores.Classes[2].Interval.ShouldBeNull();
    }

    // Two groups are drawn as {1,1}, {1,2} or {2,2}: the interval goes from the worse group's Dice to the better one's.
    [Fact]
    public void Given_TwoGroups_When_Resampled_Then_WholeGroupsAreDrawn()
    {
        var interval = ForegroundProtocol.Score(Slices).Infection.Interval!;
        interval.Low.ShouldBe(2.0 * 1 / 4, 1e-12);
        interval.High.ShouldBe(1, 1e-12);
        // Slice a has 2/3 and b no truth; c is right.
        ForegroundProtocol.Score(Slices).Infection.MeanPerImageInterval.ShouldBe(new ScoreInterval(2.0 / 3, 1));
        // 6 of 8 pixels of the first group are right, all four of the second.
        PaperProtocol.Score(Slices).MicroDiceInterval.ShouldBe(new ScoreInterval(6.0 / 8, 1));
        PaperProtocol.Score(Slices).MeanClassDiceInterval!.High.ShouldBe(1);
    }

    [Fact]
    public void Given_OneGroup_When_Scored_Then_ThereIsNoInterval() =>
        ForegroundProtocol.Score([Slices[0], Slices[1]]).Infection.Interval.ShouldBeNull();

    [Fact]
    public void Given_SortedValues_When_AQuantileIsTaken_Then_ItIsLinearBetweenThem()
    {
        Quantiles.Of([1, 2, 3, 4, 5], 0.5).ShouldBe(3);
        Quantiles.Of([1, 2, 3, 4, 5], 0.1).ShouldBe(1.4, 1e-12);
        Quantiles.Of([1, 2, 3, 4, 5], 1).ShouldBe(5);
    }

    [Fact]
    public void Given_ThreeSlices_When_ScoredAsThePaper_Then_BackgroundCounts()
    {
        var scores = PaperProtocol.Score(Slices);
        scores.MicroDice.ShouldBe(10.0 / 12, 1e-12);
        // Background: 6 in common of 7 true and 7 predicted; 3 does not occur.
        scores.MeanClassDice.ShouldBe(((12.0 / 14) + (4.0 / 6) + 1) / 3, 1e-12);
        scores.AllBackgroundMicroDice.ShouldBe(7.0 / 12, 1e-12);
    }

    [Fact]
    public void Given_ThreeSlices_When_TheMeanPrecisionIsTaken_Then_AClassThatIsThereAndNeverPredictedCountsNothing()
    {
        var sum = ConfusionMatrix.Sum(Slices.Select(slice => slice.Matrix));
        // Right of those given: 6 of 7 as background, 2 of 3 as ground-glass, 2 of 2 as consolidation; 3 does not occur.
        PaperProtocol.MeanClassPrecision(sum).ShouldBe(((6.0 / 7) + (2.0 / 3) + 1) / 3, 1e-12);
        PaperProtocol.MeanClassPrecision(sum.AllBackground()).ShouldBe(7.0 / 12 / 3, 1e-12);
    }

    [Fact]
    public void Given_AMask_When_ResizedForThePaper_Then_TheNearestLabelIsTaken()
    {
        var mask = new LesionMask(4, 2, [0, 1, 2, 3, 3, 2, 1, 0]);
        PaperProtocol.Resize(mask, 4, 2).Labels.ShouldBe(mask.Labels);
        PaperProtocol.Resize(mask, 2, 1).Labels.ShouldBe([2, 0]);
        // The middle of three lies on the edge between the second and the third of four.
        PaperProtocol.Resize(mask, 3, 2).Labels.ShouldBe([0, 2, 3, 3, 1, 0]);
        PaperProtocol.Resize(mask, 8, 2).Labels.ShouldBe([0, 0, 1, 1, 2, 2, 3, 3, 3, 3, 2, 2, 1, 1, 0, 0]);
    }

    private static ScoredSlice Slice(string name, string group, byte[] truth, byte[] prediction) =>
        new(name, group, ConfusionMatrix.Of(new LesionMask(2, 2, truth), new LesionMask(2, 2, prediction)));
}
