using System.Text;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Reports;

/// <summary>Draws the loss of every epoch, and the Dice of the held-out slices where it was scored.</summary>
internal static class ReportCurves
{
    private const double Width = 520;
    private const double Height = 260;
    private const double Left = 52;
    private const double Right = 12;
    private const double Top = 10;
    private const double Bottom = 40;
    private static readonly string[] Colours = ["var(--a)", "var(--b)", "var(--c)", "var(--d)"];

    public static void Append(StringBuilder html, IReadOnlyList<EpochRecord> epochs)
    {
        if (epochs.Count == 0)
            return;
        html.Append("<section>\n<h2>Training</h2>\n<div class=\"charts\">\n");
        AppendChart(html, "Loss", epochs, [new Curve("loss", [.. epochs.Select(epoch => (epoch.Epoch, epoch.Loss))])], range: null);
        var scored = epochs.Where(epoch => epoch.HeldOutDice is not null).ToList();
        var curves = scored.SelectMany(epoch => epoch.HeldOutDice!.Keys).Distinct()
            .Select(finding => new Curve(ReportText.Finding(finding), [.. scored
                .Where(epoch => epoch.HeldOutDice!.GetValueOrDefault(finding) is not null)
                .Select(epoch => (epoch.Epoch, epoch.HeldOutDice![finding]!.Value))]))
            .Where(curve => curve.Points.Count > 0).ToList();
        if (curves.Count > 0)
            AppendChart(html, "Dice of the held-out slices, averaged weights", epochs, curves, range: (0, 1));
        html.Append("</div>\n</section>\n");
    }

    private static void AppendChart(StringBuilder html, string title, IReadOnlyList<EpochRecord> epochs, List<Curve> curves, (double Low, double High)? range)
    {
        var values = curves.SelectMany(curve => curve.Points).Select(point => point.Value).Where(double.IsFinite).ToList();
        var vertical = range is { } fixedRange ? ReportAxis.Covering(fixedRange.Low, fixedRange.High) : ReportAxis.Covering(Math.Min(0, values.DefaultIfEmpty(0).Min()), values.DefaultIfEmpty(1).Max());
        var (first, last) = (epochs[0].Epoch, Math.Max(epochs[^1].Epoch, epochs[0].Epoch + 1));
        double X(double epoch) => Left + (epoch - first) / (last - first) * (Width - Left - Right);
        double Y(double value) => Height - Bottom - vertical.ShareOf(value) * (Height - Top - Bottom);
        html.Append($"<figure>\n<h3>{title}</h3>\n<svg viewBox=\"0 0 {Text(Width)} {Text(Height)}\" role=\"img\" aria-label=\"{title}\">\n");
        foreach (var tick in vertical.Ticks)
            html.Append($"<line class=\"grid\" x1=\"{Text(Left)}\" y1=\"{Text(Y(tick))}\" x2=\"{Text(Width - Right)}\" y2=\"{Text(Y(tick))}\"/><text x=\"{Text(Left - 8)}\" y=\"{Text(Y(tick) + 4)}\" text-anchor=\"end\">{vertical.Label(tick)}</text>\n");
        foreach (var epoch in EpochTicks(first, last))
            html.Append($"<text x=\"{Text(X(epoch))}\" y=\"{Text(Height - Bottom + 18)}\" text-anchor=\"middle\">{epoch}</text>\n");
        html.Append($"<text x=\"{Text((Left + Width - Right) / 2)}\" y=\"{Text(Height - 4)}\" text-anchor=\"middle\">epoch</text>\n");
        for (var at = 0; at < curves.Count; at++)
            AppendCurve(html, curves[at], Colours[at % Colours.Length], X, Y);
        html.Append("</svg>\n");
        if (curves.Count > 1)
            html.Append($"<figcaption>{string.Concat(curves.Select((curve, at) => $"<span class=\"key\"><i class=\"thin\" style=\"background:{Colours[at % Colours.Length]}\"></i>{curve.Name}</span>"))}</figcaption>\n");
        html.Append("</figure>\n");
    }

    private static void AppendCurve(StringBuilder html, Curve curve, string colour, Func<double, double> x, Func<double, double> y)
    {
        var points = curve.Points.Where(point => double.IsFinite(point.Value)).ToList();
        html.Append($"<polyline class=\"line\" stroke=\"{colour}\" points=\"{string.Join(' ', points.Select(point => $"{Text(x(point.Epoch))},{Text(y(point.Value))}"))}\"/>\n");
        // A line through one point is not seen, and of few it is not seen where they are.
        if (points.Count <= 30)
            foreach (var (epoch, value) in points)
                html.Append($"<circle cx=\"{Text(x(epoch))}\" cy=\"{Text(y(value))}\" r=\"2.5\" fill=\"{colour}\"/>\n");
    }

    private static IEnumerable<int> EpochTicks(int first, int last)
    {
        var step = Math.Max(1, (int)ReportAxis.Covering(first, last).Step);
        return Enumerable.Range(first, last - first + 1).Where(epoch => epoch == first || (epoch % step == 0 && epoch - first > step / 2));
    }

    private static string Text(double value) => ReportText.Coordinate(value);

    private sealed record Curve(string Name, IReadOnlyList<(int Epoch, double Value)> Points);
}
