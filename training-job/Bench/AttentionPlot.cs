using ScottPlot;

namespace CtSeg.TrainingJob.Bench;

/// <summary>Draws the time of a forward pass against the number of tokens, both logarithmic.</summary>
internal static class AttentionPlot
{
    private const int Width = 900;
    private const int Height = 550;

    public static void Save(IReadOnlyList<AttentionMeasurement> measured, string path)
    {
        using var plot = new Plot();
        foreach (var engine in measured.Where(one => one.Direction == "forward").GroupBy(one => one.Engine))
        {
            var line = plot.Add.Scatter(engine.Select(one => Math.Log10(one.Length)).ToArray(), engine.Select(one => Math.Log10(one.Ms)).ToArray());
            line.LegendText = engine.Key;
        }
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(
            measured.Select(one => one.Length).Distinct().Select(length => new Tick(Math.Log10(length), FormattableString.Invariant($"{length:N0}"))).ToArray());
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericManual(
            Enumerable.Range(-2, 8).Select(power => new Tick(power, FormattableString.Invariant($"{Math.Pow(10, power)}"))).ToArray());
        plot.Axes.Bottom.Label.Text = "tokens";
        plot.Axes.Left.Label.Text = "forward pass, ms";
        plot.ShowLegend(Alignment.UpperLeft);
        plot.SavePng(path, Width, Height);
    }
}
