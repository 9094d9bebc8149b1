using System.Globalization;
using System.Text;
using System.Text.Json;
using CtSeg.Models;
using CtSeg.Preprocessing;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>`tables.md`: the report as Tables I and II of arXiv:2004.05645, under both protocols.</summary>
internal static class CrossValidationTables
{
    private const string Signed = "+0.000;-0.000;0.000";

    /// <param name="command">That made it, as it is typed.</param>
    public static string Write(CrossValidationReport report, string command)
    {
        var text = new StringBuilder();
        void Line(string line = "") => text.Append(line).Append('\n');
        Line("# Cross-validation");
        Line();
        Line($"Written by `{command}`. The numbers are in `tables.json`. Trained on: {string.Join("; ", report.Machines)}.");
        Line();
        Line(Invariant($"{report.Slices} slices of {report.Groups} groups (SHA-256 of the data `{report.DataSha256}`), {report.Folds} folds by group, dealt with seed {report.FoldSeed}: no group is on both sides, and slices are split before they are augmented. Groups are a lower bound on overlap between patients. Every slice is scored by the fold that held it out; several seeds are averaged. [In brackets]: 95 % bootstrap intervals over groups, and over seeds where there are several."));
        Line();
        if (!IsOfPaper(report))
        {
            Line("Not run: the paper's full setting, which is `./ctseg cross-validate --data DIR --out OUT --folds 10 --archs all --augment both --recipe paper --base-channels 64`.");
            Line();
        }
        Line("## Paper protocol");
        Line();
        Line($"All classes with background, at {SlicePreprocessor.Side} x {SlicePreprocessor.Side} pixels. The paper does not say how it averages: its DSC stands beside the mean over the four classes, its accuracy beside the micro average (for one label a pixel Dice, accuracy and precision of all pixels are one number). In the mean precision a class that is never predicted counts 0. Table I is the rows `m` and `unet`, Table II all.");
        Line();
        Line("| network | views | Dice, mean of classes | paper | micro average | paper's accuracy | precision, mean of classes | paper |");
        Line("|---|---|---|---|---|---|---|---|");
        foreach (var network in report.Networks)
        {
            var published = PublishedScores.Of(network.Architecture, network.Augmented);
            Line(Invariant($"| {network.Architecture} | {Views(network.Augmented)} | {network.MeanClassDice.ToText()} | {published.Dice:F2} | {network.MicroDice.ToText()} | {published.Accuracy:F2} | {network.MeanClassPrecision.ToText()} | {published.Precision:F2} |"));
        }
        Line();
        Line("## Foreground protocol");
        Line();
        Line("Dice of the lesions alone, pooled over the pixels of all slices at the masks' own size.");
        Line();
        var findings = report.Networks[0].Findings;
        Line($"| network | views | seeds | {string.Join(" | ", findings.Select(finding => $"{finding.Name} (n {finding.SlicesWithClass})"))} | steps | minutes |");
        Line($"|---|---|---|{string.Concat(findings.Select(_ => "---|"))}---|---|");
        foreach (var network in report.Networks)
            Line(Invariant($"| {network.Architecture} | {Views(network.Augmented)} | {network.Seeds.Count} | {string.Join(" | ", network.Findings.Select(Text))} | {network.Steps:F0} | {network.Minutes:F0} |"));
        Line();
        Line("n: slices that hold the class. Behind the interval: the lowest and the highest of several seeds. Minutes: of training, all folds and seeds.");
        WriteDifferences(report, Line);
        Line();
        Line("## Configuration");
        Line();
        Line("Of every network, but for architecture, views and seed:");
        Line();
        Line("```json");
        Line(JsonSerializer.Serialize(report.Options, TrainingJson.Default.TrainingOptions));
        Line("```");
        return text.ToString();
    }

    private static bool IsOfPaper(CrossValidationReport report)
    {
        var paper = TrainingOptions.OfRecipe(TrainingOptions.PaperRecipe);
        var full = paper with { Configuration = paper.Configuration with { BaseChannels = 64 }, ScoreEvery = 0 };
        return report is { Folds: 10, Steps: null } && report.Networks.Count == 2 * Architectures.All.Count
            && TrainingCheckpoint.SameRun(report.Options, full.For(full.Views, full.InputSize));
    }

    private static void WriteDifferences(CrossValidationReport report, Action<string> line)
    {
        if (report.Differences.Count == 0)
            return;
        line("");
        line("## What agrees with the paper");
        line("");
        line("What `m` reaches more than another network on the same slices. It agrees where the interval of the mean over the classes lies on the paper's side of 0, contradicts where it lies on the other, and is undecided where it holds 0. An interval of networks that were trained once does not know the luck of a training.");
        line("");
        line($"| m against | views | paper | mean of classes | | {string.Join(" | ", report.Differences[0].Findings.Select(finding => finding.Name))} |");
        line($"|---|---|---|---|---|{string.Concat(report.Differences[0].Findings.Select(_ => "---|"))}");
        foreach (var difference in report.Differences)
        {
            line(Invariant($"| {difference.Other} | {Views(difference.Augmented)} | {difference.Claimed:+0.00;-0.00;0.00} | {difference.MeanClassDice.ToText(Signed)} | {Verdict(difference)} | {string.Join(" | ", difference.Findings.Select(finding => finding.Dice.ToText(Signed)))} |"));
        }
    }

    private static string Verdict(Difference difference)
    {
        var verdict = difference.MeanClassDice.Interval switch
        {
            { Low: > 0 } => difference.Claimed > 0 ? "agrees" : "contradicts",
            { High: < 0 } => difference.Claimed < 0 ? "agrees" : "contradicts",
            _ => "undecided",
        };
        return difference.Seeds < 2 ? verdict + ", one seed" : verdict;
    }

    private static string Views(bool augmented) => augmented ? "augmented" : "as they are";

    private static string Text(FindingScores finding) => finding.DiceOfSeeds.Count < 2
        ? finding.Dice.ToText()
        : Invariant($"{finding.Dice.ToText()}, {finding.DiceOfSeeds.Min():F3} to {finding.DiceOfSeeds.Max():F3}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
