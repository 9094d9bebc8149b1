using CtSeg.TrainingJob.Training;
using ScottPlot;
using ScottPlot.Plottables;

namespace CtSeg.TrainingJob.Tests.Training;

public sealed class TrainingCurvesTests
{
    // Scored every second epoch; effusion is in no held-out slice that was found at first.
    private static readonly TrainingHistory History = new(
        new TrainingOptions(), "data", [], [],
        [
            Epoch(1, 0.9, null), Epoch(2, 0.5, new() { ["infection"] = 0.25, ["pleural-effusion"] = null }),
            Epoch(3, 0.4, null), Epoch(4, 0.3, new() { ["infection"] = 0.75, ["pleural-effusion"] = 0.125 }),
        ]);

    [Fact]
    public void Given_AHistory_When_Drawn_Then_EveryEpochsLossAndEveryScoreIsAPointOfItsLine()
    {
        using var plot = TrainingCurves.Draw(History);
        Lines(plot).ShouldBe(
        [
            ("loss", "1 0.9, 2 0.5, 3 0.4, 4 0.3", false),
            ("infection, held-out Dice", "2 0.25, 4 0.75", true),
            ("pleural-effusion, held-out Dice", "4 0.125", true),
        ]);
        (plot.Axes.Bottom.Label.Text, plot.Axes.Left.Label.Text, plot.Axes.Right.Label.Text).ShouldBe(("epoch", "loss", "Dice, averaged weights"));
        (plot.Axes.Right.Min, plot.Axes.Right.Max).ShouldBe((0, 1));
    }

    [Fact]
    public void Given_AHistoryWithoutScores_When_Drawn_Then_OnlyTheLossIs()
    {
        using var plot = TrainingCurves.Draw(History with { Epochs = [.. History.Epochs.Select(epoch => epoch with { HeldOutDice = null })] });
        Lines(plot).Select(line => line.Name).ShouldBe(["loss"]);
    }

    private static List<(string Name, string Points, bool IsRight)> Lines(Plot plot) =>
    [
        .. plot.PlottableList.Cast<Scatter>().Select(line => (
            line.LegendText,
            string.Join(", ", line.Data.GetScatterPoints().Select(point => FormattableString.Invariant($"{point.X} {point.Y}"))),
            line.Axes.YAxis == plot.Axes.Right)),
    ];

    private static EpochRecord Epoch(int epoch, double loss, Dictionary<string, double?>? dice) => new(epoch, loss, LearningRate: 1e-3, dice, Seconds: 1);
}
