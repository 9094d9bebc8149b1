using ScottPlot;

namespace CtSeg.TrainingJob.Training;

/// <summary>Draws `curves.png`: loss per epoch, and the infection Dice of the held-out groups where it was scored.</summary>
internal static class TrainingCurves
{
    private const int Width = 900;
    private const int Height = 500;

    public static void Save(TrainingHistory history, string path)
    {
        using var plot = new Plot();
        var epochs = history.Epochs;
        var loss = plot.Add.Scatter(epochs.Select(epoch => (double)epoch.Epoch).ToArray(), epochs.Select(epoch => epoch.Loss).ToArray());
        loss.LegendText = "loss (cross entropy + Dice loss)";
        var scored = epochs.Where(epoch => epoch.HeldOutInfectionDice is not null).ToList();
        if (scored.Count > 0)
        {
            var dice = plot.Add.Scatter(
                scored.Select(epoch => (double)epoch.Epoch).ToArray(), scored.Select(epoch => epoch.HeldOutInfectionDice!.Value).ToArray());
            dice.LegendText = "infection Dice, held-out groups, averaged weights";
            dice.Axes.YAxis = plot.Axes.Right;
            plot.Axes.Right.Label.Text = "Dice";
            plot.Axes.SetLimitsY(0, 1, plot.Axes.Right);
        }
        plot.Axes.Bottom.Label.Text = "epoch";
        plot.Axes.Left.Label.Text = "loss";
        plot.ShowLegend(Alignment.UpperCenter);
        plot.SavePng(path, Width, Height);
    }
}
