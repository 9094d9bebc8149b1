using System.Globalization;
using System.Text;

namespace CtSeg.TrainingJob.Reports;

/// <summary>What the challenger said of live slices beside the champion.</summary>
internal static class ReportShadow
{
    public static void Append(StringBuilder html, ReportContent content)
    {
        if (content.Shadow is not { } shadow)
            return;
        html.Append("<section>\n<h2>Shadow on live slices</h2>\n");
        html.Append(CultureInfo.InvariantCulture, $"<p>Both segmented {shadow.Slices} slices; the challenger failed on {shadow.Failed}. Of all pixels that either marks as a lesion, {ReportText.Percent(shadow.Disagreement)} are marked by only one of them");
        html.Append(content.Run.Request.Shadow is { } terms ? $"; {ReportText.Percent(terms.MaxDisagreement)} are allowed, of a class too if either gives it on at least {terms.NeededSlices()} slices.</p>\n" : ".</p>\n");
        html.Append("<div class=\"scroll\"><table>\n<thead><tr><th></th><th>Slices</th><th>Champion, pixels</th><th>Challenger, pixels</th><th>Both, pixels</th><th>Disagreement</th></tr></thead>\n<tbody>\n");
        foreach (var one in shadow.Classes)
            html.Append($"<tr><td>{ReportText.Finding(one.Name)}</td><td>{(one.SlicesWithClass is { } with ? ReportText.Count(with) : "–")}</td><td>{ReportText.Count(one.ChampionPixels)}</td><td>{ReportText.Count(one.ChallengerPixels)}</td><td>{ReportText.Count(one.BothPixels)}</td><td>{ReportText.Percent(one.Share)}</td></tr>\n");
        html.Append("</tbody></table></div>\n<p class=\"note\">Nobody has drawn the truth of these slices: disagreement tells how much would change, not who is right.</p>\n</section>\n");
    }
}
