using System.Globalization;
using System.Text;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Reports;

/// <summary>Champion against challenger by class, with intervals, and what of it decides.</summary>
internal static class ReportScores
{
    public static void Append(StringBuilder html, ReportContent content)
    {
        if (content.Decision is not { } decision)
            return;
        html.Append("<section>\n<h2>Champion and challenger on the locked set</h2>\n");
        AppendTable(html, decision, IntervalsOf(content.Groups));
        html.Append("<h3 style=\"margin-top:18px\">Gain in Dice</h3>\n");
        ReportGains.Append(html, [decision.Overall, .. decision.Classes], decision.Terms.Margin);
        AppendTerms(html, decision, content.DecisionsOnSet);
        html.Append("</section>\n");
    }

    private static void AppendTable(StringBuilder html, PromotionDecision decision, Dictionary<string, (ScoreInterval? Champion, ScoreInterval? Challenger)> intervals)
    {
        html.Append($"""
            <div class="scroll"><table>
            <thead><tr><th></th><th>Groups<br>with it</th><th>Champion<br>Dice [95 %]</th><th>Challenger<br>Dice [95 %]</th><th>Gain</th><th>Gain at least<br>({Level(decision.Terms)}, one-sided)</th><th>Must be<br>above</th><th class="words">Verdict</th></tr></thead>
            <tbody>

            """);
        AppendRow(html, ReportText.Finding(ShadowResult.Infection), decision.Overall, intervals.GetValueOrDefault(ShadowResult.Infection), mustExceed: 0, "overall");
        foreach (var one in decision.Classes)
            AppendRow(html, ReportText.Finding(one.Name), one, intervals.GetValueOrDefault(one.Name), -decision.Terms.Margin, "");
        html.Append("</tbody></table></div>\n");
    }

    private static void AppendRow(
        StringBuilder html, string name, ComparedClass one, (ScoreInterval? Champion, ScoreInterval? Challenger) intervals, double mustExceed, string style)
    {
        var decides = one.Decides || style.Length > 0;
        var verdict = !decides
            ? "<span class=\"soft\">too few groups to decide</span>"
            : one.Passes ? "<span class=\"good-text\">✓ passes</span>" : "<span class=\"bad-text\">✗ fails</span>";
        html.Append($"""
            <tr class="{style}"><td>{name}</td><td>{one.GroupsWithClass}</td><td>{Scored(one.ChampionDice, intervals.Champion)}</td><td>{Scored(one.ChallengerDice, intervals.Challenger)}</td><td>{ReportText.Gain(one.Gain)}</td><td>{ReportText.Gain(one.GainAtLeast)}</td><td>{(decides ? ReportText.Gain(mustExceed) : ReportText.Undefined)}</td><td class="words">{verdict}</td></tr>

            """);
    }

    private static string Scored(double? dice, ScoreInterval? interval) => dice is null || interval is null
        ? ReportText.Dice(dice)
        : $"{ReportText.Dice(dice)} <small>[{ReportText.Dice(interval.Low)}, {ReportText.Dice(interval.High)}]</small>";

    private static void AppendTerms(StringBuilder html, PromotionDecision decision, int? decisions)
    {
        var terms = decision.Terms;
        html.Append(CultureInfo.InvariantCulture, $"""
            <p class="note">{decision.Slices} slices of {decision.Groups} groups, which neither model has learnt from. A challenger is promoted only if, at {Level(terms)} confidence, it loses less than {terms.Margin} Dice in every class that at least {terms.MinGroups} groups hold, and gains over all lesions. Dice is pooled over all pixels; intervals come from drawing whole groups. {GroupBootstrap.Caveat}</p>

            """);
        if (decision.Start is { } start)
            AppendStart(html, start, terms);
        if (decisions is { } count)
            html.Append($"<p class=\"note\">{(count == 1 ? "This is the first decision on this evaluation set." : $"This is decision {count} on this evaluation set: the more often one set is used, the weaker its verdict.")}</p>\n");
    }

    private static void AppendStart(StringBuilder html, ChainComparison start, PromotionTerms terms)
    {
        var version = ReportText.Encode(start.Model.Version);
        var told = start.Problem is { } problem
            ? $"It could not be compared with {version}, the model that the promotions began from: {ReportText.Encode(problem)}"
            : string.Create(CultureInfo.InvariantCulture, $"Since {version}, the model that the promotions began from, on {start.Groups} groups: {string.Join(", ", start.Classes.Select(one => $"{ReportText.Finding(one.Name)} {ReportText.Gain(one.Gain)}"))}. In no class that at least {terms.MinGroups} groups hold may it have lost more than {terms.Margin} Dice in all.");
        html.Append($"<p class=\"note\">{told}</p>\n");
    }

    private static string Level(PromotionTerms terms) => ReportText.Number(100 * terms.Level, "0.#") + " %";

    private static Dictionary<string, (ScoreInterval? Champion, ScoreInterval? Challenger)> IntervalsOf(IReadOnlyList<GroupScores> groups) =>
        ForegroundProtocol.Findings.ToDictionary(
            finding => finding.Name,
            finding => (Interval(groups, group => group.Champion, finding.Labels), Interval(groups, group => group.Challenger, finding.Labels)));

    private static ScoreInterval? Interval(IReadOnlyList<GroupScores> groups, Func<GroupScores, ConfusionMatrix> side, int[] labels) =>
        GroupBootstrap.Interval(groups, drawn => ConfusionMatrix.Sum(drawn.Select(side)).Dice(labels));
}
