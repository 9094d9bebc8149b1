using System.Text;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Reports;

/// <summary>The report of a run: one HTML file that needs nothing beside it, no script and no network.</summary>
internal static class RetrainingReport
{
    /// <summary>Of the worst cases, shown as pictures.</summary>
    public const int MaxCases = 10;

    // Belt and braces: everything is encoded, and a browser would not fetch or run anything either.
    private const string Policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

    /// <returns>The whole document. The same content gives the same text.</returns>
    public static string Html(ReportContent content)
    {
        ArgumentNullException.ThrowIfNull(content);
        var html = new StringBuilder();
        html.Append($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="{Policy}">
            <title>Training run {ReportText.Encode(content.Run.Id)}</title>
            <style>{ReportStyle.Css}</style>
            </head>
            <body>
            <main>

            """);
        AppendHeader(html, content);
        AppendFacts(html, content);
        ReportScores.Append(html, content);
        ReportCurves.Append(html, content.Epochs);
        ReportCases.Append(html, content.WorstCases);
        ReportData.Append(html, content.Data);
        ReportShadow.Append(html, content);
        AppendFooter(html, content);
        html.Append("</main>\n</body>\n</html>\n");
        return html.ToString();
    }

    private static void AppendHeader(StringBuilder html, ReportContent content)
    {
        var run = content.Run;
        html.Append($"""
            <header class="{ToneOf(run.State)}">
            <p class="kicker">Training run {ReportText.Encode(run.Id)}</p>
            <h1>{ReportText.Encode(VerdictOf(content))}</h1>

            """);
        if (run.Reason is { Length: > 0 } reason)
            html.Append($"<p class=\"reason\">{ReportText.Encode(reason)}</p>\n");
        html.Append("</header>\n");
    }

    private static string VerdictOf(ReportContent content)
    {
        var challenger = content.Challenger?.Version ?? content.Run.Challenger ?? "The challenger";
        var champion = content.Champion?.Version ?? content.Run.Champion;
        var stays = champion is null ? "No model serves." : $"{champion} goes on serving.";
        return content.Run.State switch
        {
            TrainingRunState.Promoted => champion is null ? $"Promoted: {challenger} serves." : $"Promoted: {challenger} serves in place of {champion}.",
            TrainingRunState.Refused => $"Refused: {challenger} is not proven better. {stays}",
            TrainingRunState.Skipped => $"Skipped: nothing was trained. {stays}",
            TrainingRunState.Cancelled => $"Cancelled. {stays}",
            TrainingRunState.Failed => $"Failed. {stays}",
            TrainingRunState.Shadowing => $"Not ended when this was written: {challenger} looks on in shadow. {stays}",
            _ => $"Not ended yet ({ReportText.Words(content.Run.State)}).",
        };
    }

    private static string ToneOf(TrainingRunState state) => state switch
    {
        TrainingRunState.Promoted => "good",
        TrainingRunState.Refused or TrainingRunState.Failed => "bad",
        _ => "plain",
    };

    private static void AppendFacts(StringBuilder html, ReportContent content)
    {
        var run = content.Run;
        html.Append("<section>\n<h2>The run</h2>\n<dl class=\"facts\">\n");
        Fact("Asked for by", run.Request.By);
        Fact("Began from", run.Request.FromScratch ? "random weights" : $"the weights of {content.Challenger?.ParentVersion ?? run.Champion ?? "the champion"}");
        Fact("Epochs", run.Progress is { } progress ? $"{progress.Epoch} of {progress.Epochs}" : content.Epochs.Count > 0 ? $"{content.Epochs.Count}" : null);
        Fact("Shortened", run is { Shortened: not null, Request.Minutes: { } minutes } ? $"to the epochs that fit into {ReportText.Number(minutes, "0.##")} minutes" : null);
        Fact("Time of training", content.Epochs.Count > 0 ? ReportText.Duration(TimeSpan.FromSeconds(content.Epochs.Sum(epoch => epoch.Seconds))) : null);
        Fact("Champion", content.Champion is { } champion ? $"{champion.Version} (weights {ReportText.Short(champion.WeightsSha256)})" : run.Champion);
        Fact("Challenger", content.Challenger is { } challenger ? $"{challenger.Version} (weights {ReportText.Short(challenger.WeightsSha256)})" : run.Challenger);
        Fact("Data set", run.DataSet);
        Fact("Evaluation set", run.EvaluationSet);
        Fact("Terms of the weights", content.Challenger?.WeightsLicence);
        Fact("Machines", content.Machines.Count > 0 ? string.Join("; ", content.Machines) : null);
        html.Append("</dl>\n<ol class=\"timeline\">\n");
        foreach (var step in run.Timeline)
            html.Append($"<li><span>{ReportText.Encode(ReportText.Words(step.State))}</span> <time datetime=\"{ReportText.Iso(step.Time)}\">{ReportText.Time(step.Time)}</time></li>\n");
        html.Append("</ol>\n</section>\n");

        void Fact(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                html.Append($"<div><dt>{ReportText.Encode(name)}</dt><dd>{ReportText.Encode(value)}</dd></div>\n");
        }
    }

    private static void AppendFooter(StringBuilder html, ReportContent content) => html.Append($"""
        <footer>
        <p>Written {ReportText.Time(content.CreatedAt)}. Times are UTC. Slices are named by their ids. Research software, not for diagnosis: scores on a small set say little about other scanners and hospitals.</p>
        </footer>

        """);
}
