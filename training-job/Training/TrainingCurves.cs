using CtSeg.TrainingJob.Registry;
using ScottPlot;

namespace CtSeg.TrainingJob.Training;

/// <summary>Draws `curves.png`: loss per epoch, and the Dice of the held-out groups where it was scored.</summary>
internal static class TrainingCurves
{
    private const int Width = 900;
    private const int Height = 500;

    public static void Save(TrainingHistory history, string path)
    {
        using var plot = Draw(history);
        ModelFolder.ReplaceFile(path, plot.GetImageBytes(Width, Height, ImageFormat.Png));
    }

    /// <returns>A line for the loss, and one for every finding that was scored.</returns>
    public static Plot Draw(TrainingHistory history)
    {
        var plot = new Plot();
        var epochs = history.Epochs;
        var loss = plot.Add.Scatter(epochs.Select(epoch => (double)epoch.Epoch).ToArray(), epochs.Select(epoch => epoch.Loss).ToArray());
        loss.LegendText = "loss";
        var scored = epochs.Where(epoch => epoch.HeldOutDice is not null).ToList();
        foreach (var finding in scored.SelectMany(epoch => epoch.HeldOutDice!.Keys).Distinct())
        {
            var points = scored.Where(epoch => epoch.HeldOutDice!.GetValueOrDefault(finding) is not null).ToList();
            var dice = plot.Add.Scatter(
                points.Select(epoch => (double)epoch.Epoch).ToArray(), points.Select(epoch => epoch.HeldOutDice![finding]!.Value).ToArray());
            dice.LegendText = $"{finding}, held-out Dice";
            dice.Axes.YAxis = plot.Axes.Right;
        }
        plot.Axes.Right.Label.Text = "Dice, averaged weights";
        plot.Axes.SetLimitsY(0, 1, plot.Axes.Right);
        plot.Axes.Bottom.Label.Text = "epoch";
        plot.Axes.Left.Label.Text = "loss";
        plot.ShowLegend(Alignment.UpperCenter);
        return plot;
    }
}
