using System.Text;
using CtSeg.Models;

namespace CtSeg.TrainingJob.Reports;

/// <summary>Draws the gains: a dot with its lower bound for each class, against zero and the margin.</summary>
internal static class ReportGains
{
    private const double Width = 1000;
    private const double Left = 190;
    private const double Right = 30;
    private const double RowHeight = 30;
    private const double Top = 12;

    /// <param name="rows">All lesions first, then the classes.</param>
    public static void Append(StringBuilder html, IReadOnlyList<ComparedClass> rows, double margin)
    {
        var numbers = rows.SelectMany(row => new[] { row.Gain, row.GainAtLeast }).OfType<double>().Append(0).Append(-margin).ToList();
        var axis = ReportAxis.Covering(numbers.Min(), numbers.Max());
        double X(double value) => Left + axis.ShareOf(value) * (Width - Left - Right);
        var bottom = Top + rows.Count * RowHeight;
        html.Append($"<svg viewBox=\"0 0 {Text(Width)} {Text(bottom + 30)}\" role=\"img\" aria-label=\"Gain in Dice of every class with its lower bound\">\n");
        foreach (var tick in axis.Ticks)
            html.Append($"<line class=\"grid\" x1=\"{Text(X(tick))}\" y1=\"{Text(Top)}\" x2=\"{Text(X(tick))}\" y2=\"{Text(bottom)}\"/><text x=\"{Text(X(tick))}\" y=\"{Text(bottom + 18)}\" text-anchor=\"middle\">{axis.Label(tick)}</text>\n");
        html.Append($"<line class=\"axis\" x1=\"{Text(X(0))}\" y1=\"{Text(Top)}\" x2=\"{Text(X(0))}\" y2=\"{Text(bottom)}\"/>\n");
        html.Append($"<line x1=\"{Text(X(-margin))}\" y1=\"{Text(Top + RowHeight)}\" x2=\"{Text(X(-margin))}\" y2=\"{Text(bottom)}\" stroke=\"var(--bad)\" stroke-dasharray=\"5 4\"/>\n");
        for (var at = 0; at < rows.Count; at++)
            AppendRow(html, rows[at], Top + (at + 0.5) * RowHeight, isOverall: at == 0, X);
        html.Append("</svg>\n<p class=\"note\"><span class=\"key\"><i style=\"background:var(--soft)\" class=\"thin\"></i>zero: what all lesions must exceed</span><span class=\"key\"><i style=\"background:var(--bad)\" class=\"thin\"></i>margin: what each class must exceed</span></p>\n<p class=\"note\">The line of each dot reaches down to its lower bound.</p>\n");
    }

    private static void AppendRow(StringBuilder html, ComparedClass row, double y, bool isOverall, Func<double, double> x)
    {
        var colour = !row.Decides && !isOverall ? "var(--soft)" : row.Passes ? "var(--good)" : "var(--bad)";
        html.Append($"<text x=\"0\" y=\"{Text(y + 4)}\"{(isOverall ? " font-weight=\"600\"" : "")}>{ReportText.Finding(row.Name)}</text>");
        if (row.Gain is not { } gain)
            html.Append($"<text x=\"{Text(x(0) + 8)}\" y=\"{Text(y + 4)}\">not defined</text>");
        else
        {
            if (row.GainAtLeast is { } least)
                html.Append($"<line x1=\"{Text(x(least))}\" y1=\"{Text(y)}\" x2=\"{Text(x(gain))}\" y2=\"{Text(y)}\" stroke=\"{colour}\" stroke-width=\"2\"/><line x1=\"{Text(x(least))}\" y1=\"{Text(y - 6)}\" x2=\"{Text(x(least))}\" y2=\"{Text(y + 6)}\" stroke=\"{colour}\" stroke-width=\"2\"/>");
            html.Append($"<circle cx=\"{Text(x(gain))}\" cy=\"{Text(y)}\" r=\"5\" fill=\"{colour}\"/>");
        }
        html.Append('\n');
    }

    private static string Text(double value) => ReportText.Coordinate(value);
}
