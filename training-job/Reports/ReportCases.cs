using System.Text;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Reports;

/// <summary>Shows the worst cases: the slice, its truth, and what both models say, side by side.</summary>
internal static class ReportCases
{
    private static readonly int[] Lesions = [1, 2, 3];

    public static void Append(StringBuilder html, IReadOnlyList<ReportCase> cases)
    {
        if (cases.Count == 0)
            return;
        var shown = cases.Take(RetrainingReport.MaxCases).ToList();
        html.Append($"<section>\n<h2>The challenger's worst {(shown.Count == 1 ? "case" : $"{shown.Count} cases")}</h2>\n<p>");
        foreach (var label in Lesions)
            html.Append($"<span class=\"key\"><i style=\"background:{ColourOf(label)}\"></i>{ReportText.Finding(((LesionClass)label).Token)}</span>");
        html.Append("</p>\n");
        for (var at = 0; at < shown.Count; at++)
            AppendCase(html, shown[at], $"slice-{at + 1}");
        html.Append("</section>\n");
    }

    private static void AppendCase(StringBuilder html, ReportCase one, string anchor)
    {
        var (width, height) = (one.Truth.Width, one.Truth.Height);
        html.Append($"<div class=\"case\">\n<h3>{one.Id}</h3>\n<div class=\"pictures\">\n");
        // The grey picture is in the file once; the other three use it.
        AppendPicture(html, width, height, "Slice", "",
            $"<image id=\"{anchor}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" href=\"{Uri(PngWriter.Grey(one.Image))}\"/>");
        AppendPicture(html, width, height, "Truth", "", Drawn(anchor, one.Truth));
        AppendPicture(html, width, height, "Champion", DiceText(one.Truth, one.Champion), Drawn(anchor, one.Champion));
        AppendPicture(html, width, height, "Challenger", DiceText(one.Truth, one.Challenger), Drawn(anchor, one.Challenger));
        html.Append("</div>\n</div>\n");
    }

    private static void AppendPicture(StringBuilder html, int width, int height, string title, string scores, string content) =>
        html.Append($"<figure><svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">{content}</svg><figcaption>{title}{scores}</figcaption></figure>\n");

    private static string Drawn(string anchor, LesionMask mask) =>
        $"<use href=\"#{anchor}\"/><image width=\"{mask.Width}\" height=\"{mask.Height}\" href=\"{Uri(ReportMask.Png(mask))}\"/>";

    private static string DiceText(LesionMask truth, LesionMask prediction) =>
        $": Dice {ReportText.Dice(ConfusionMatrix.Of(truth, prediction).Dice(Lesions))}";

    private static string Uri(byte[] png) => $"data:image/png;base64,{Convert.ToBase64String(png)}";

    private static string ColourOf(int label)
    {
        var palette = LesionClasses.Palette;
        return $"#{palette[3 * label]:x2}{palette[3 * label + 1]:x2}{palette[3 * label + 2]:x2}";
    }
}
