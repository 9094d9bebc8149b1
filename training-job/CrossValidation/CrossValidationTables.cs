using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CtSeg.Models;
using CtSeg.Preprocessing;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>`tables.md`: the report as Tables I and II of arXiv:2004.05645, under both protocols.</summary>
internal static class CrossValidationTables
{
    public const string NumbersName = "tables.json";

    /// <summary>Tables are written as a whole: those of fewer networks or seeds, or of other folds, would take the place of complete ones.</summary>
    /// <param name="folder">Where they are to be written.</param>
    /// <exception cref="TrainingDataException">The folder holds tables of networks or seeds that the plan does not have, or of another cross-validation.</exception>
    public static void RequireNoneLost(string folder, CrossValidationPlan plan, TrainingData data)
    {
        var path = Path.Combine(folder, NumbersName);
        if (!File.Exists(path))
            return;
        var (runs, folds, foldSeed, steps, dataSha256, options) = Read(path);
        var differs = (folds, foldSeed, steps) != (plan.Folds, plan.FoldSeed, plan.Steps) ? "folds or steps"
            : dataSha256 is not null && dataSha256 != data.Sha256 ? "data"
            : options is null ? null
            : plan.Runs.Select(run => FoldOptions.Differing(options, plan.OptionsOf(run, data.Slices))).FirstOrDefault(option => option is not null);
        if (differs is not null)
            throw new TrainingDataException($"'{path}' holds the scores of another cross-validation, with other {differs}: move it away, or name another folder by --tables.");
        List<CrossValidationRun> lost = [.. runs.Except(plan.Runs)];
        if (lost.Count > 0)
        {
            throw new TrainingDataException(
                $"'{path}' holds scores that this call would not write again: {string.Join(", ", lost.Select(run => run.Name))}. Name these networks and seeds too, or another folder by --tables.");
        }
    }

    /// <returns>Tables of older programs name no data and no options.</returns>
    private static (List<CrossValidationRun> Runs, int Folds, int FoldSeed, int? Steps, string? DataSha256, JsonObject? Options) Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var tables = document.RootElement;
            var steps = tables.GetProperty("steps");
            var runs = from network in tables.GetProperty("networks").EnumerateArray()
                       from seed in network.GetProperty("seeds").EnumerateArray()
                       select new CrossValidationRun(network.GetProperty("architecture").GetString()!, network.GetProperty("augmented").GetBoolean(), seed.GetInt32());
            return (
                [.. runs],
                tables.GetProperty("folds").GetInt32(),
                tables.GetProperty("foldSeed").GetInt32(),
                steps.ValueKind == JsonValueKind.Null ? null : steps.GetInt32(),
                tables.TryGetProperty("dataSha256", out var sha256) ? sha256.GetString() : null,
                tables.TryGetProperty("options", out var options) ? JsonObject.Create(options.Clone()) : null);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new TrainingDataException($"'{path}' is there and cannot be read as tables: move it away, or name another folder by --tables.");
        }
    }

    /// <param name="command">That made it, as it is typed.</param>
    public static string Write(CrossValidationReport report, string command)
    {
        var text = new StringBuilder();
        void Line(string line = "") => text.Append(line).Append('\n');
        Line("# Cross-validation");
        Line();
        Line($"Written by `{command}`. The numbers are in `{NumbersName}`. {Programs(report)}");
        Line();
        Line(Invariant($"{report.Slices} slices of {report.Groups} groups (SHA-256 of the data `{report.DataSha256}`), {report.Folds} folds by group, dealt with seed {report.FoldSeed}: no group is on both sides, and slices are split before they are augmented. Every slice is scored by the fold that held it out; several seeds are averaged. [In brackets]: 95 % bootstrap intervals over groups, and over seeds where there are several. {GroupBootstrap.Caveat}"));
        Line();
        if (!report.IsPaperSetting)
        {
            Line(Invariant($"Not run: the paper's full setting, which is `./ctseg cross-validate --data DIR --out OUT --folds {CrossValidationReport.FullFolds} --archs all --augment both --recipe paper --base-channels {CrossValidationReport.FullWidth}`{(report.StepsOfPaperSetting is { } steps ? Invariant($": weeks to months on 2 cores, {steps:N0} optimiser steps in all") : "")}."));
            Line();
        }
        WriteForegroundProtocol(report, Line);
        WritePaperProtocol(report, Line);
        WriteAgreement(report, Line);
        Line();
        WriteConfiguration(report, Line);
        Line();
        WriteMachines(report, Line);
        return text.ToString();
    }

    private static void WriteForegroundProtocol(CrossValidationReport report, Action<string> line)
    {
        line("## Foreground protocol");
        line("");
        line("Dice of the lesions alone, pooled over the pixels of all slices at the masks' own size.");
        line("");
        var findings = report.Networks[0].Findings;
        var (names, rules) = (string.Join(" | ", findings.Select(finding => $"{finding.Name} (n {finding.SlicesWithClass})")), string.Concat(findings.Select(_ => "---|")));
        line($"| network | views | seeds | {names} |");
        line($"|---|---|---|{rules}");
        foreach (var network in report.Networks)
            line(Invariant($"| {network.Architecture} | {Views(network.Augmented)} | {network.Seeds.Count} | {string.Join(" | ", network.Findings.Select(Text))} |"));
        line("");
        line("n: slices that hold the class. Behind the interval: the lowest and the highest of several seeds.");
        line("");
        line(report.MeanPerImageRule);
        line("");
        line($"| network | views | {names} |");
        line($"|---|---|{rules}");
        foreach (var network in report.Networks)
            line($"| {network.Architecture} | {Views(network.Augmented)} | {string.Join(" | ", network.Findings.Select(finding => finding.MeanPerImage.ToText()))} |");
    }

    private static void WritePaperProtocol(CrossValidationReport report, Action<string> line)
    {
        line("");
        line("## Paper protocol");
        line("");
        line($"All classes with background, at {SlicePreprocessor.Side} x {SlicePreprocessor.Side} pixels. The paper does not say how it averages: its DSC stands beside the mean over the four classes, its accuracy beside the micro average (for one label a pixel Dice, accuracy and precision of all pixels are one number). In the mean precision a class that is never predicted counts 0. Table I is the rows `m` and `unet`, Table II all. Behind the paper's figure: whether it lies in our interval, above or below; it has no interval of its own. `all background` is a prediction of nothing on the same slices: a figure tells something only as far as it lies above that one.");
        line("");
        line("| network | views | Dice, mean of classes | paper | micro average | paper's accuracy | precision, mean of classes | paper |");
        line("|---|---|---|---|---|---|---|---|");
        line($"| all background | - | {report.AllBackground.MeanClassDice.ToText()} | - | {report.AllBackground.MicroDice.ToText()} | - | {report.AllBackground.MeanClassPrecision.ToText()} | - |");
        foreach (var network in report.Networks)
        {
            var published = PublishedScores.Of(network.Architecture, network.Augmented);
            string Paper(double figure, IntervalScore ours) => Invariant($"{figure:F2}, {Place(figure, ours.Interval)}");
            line($"| {network.Architecture} | {Views(network.Augmented)} | {network.MeanClassDice.ToText()} | {Paper(published.Dice, network.MeanClassDice)} | {network.MicroDice.ToText()} | {Paper(published.Accuracy, network.MicroDice)} | {network.MeanClassPrecision.ToText()} | {Paper(published.Precision, network.MeanClassPrecision)} |");
        }
    }

    /// <summary>Folds are kept and read again: they need not all be of the program that writes the tables, nor of one.</summary>
    private static string Programs(CrossValidationReport report)
    {
        List<string> commits = [.. report.Machines.Select(of => of.Machine.Commit).Distinct()];
        return commits.Count < 2
            ? $"All folds were trained by the program of commit {string.Concat(commits)}."
            : $"**The folds were trained by {commits.Count} programs**, of the commits {string.Join(", ", commits)} (where, see below): what changed between them may be part of a difference.";
    }

    /// <summary>Where, by what and how fast, as the folds note it.</summary>
    private static void WriteMachines(CrossValidationReport report, Action<string> line)
    {
        line("## Where the folds were trained");
        line("");
        List<TrainingMachine> machines = [.. report.Machines.Select(of => of.Machine)];
        foreach (var (at, machine) in machines.Index())
            line($"{at + 1}. {machine}");
        line("");
        line("| network | views | weights | folds, by machine | seconds a step: median of the folds (least to most) |");
        line("|---|---|---|---|---|");
        foreach (var network in report.Networks)
        {
            var folds = string.Join(", ", network.Machines.Select(of => $"{of.Folds} on {machines.IndexOf(of.Machine) + 1}"));
            var seconds = network.SecondsPerStep;
            line(Invariant($"| {network.Architecture} | {Views(network.Augmented)} | {network.Weights:N0} | {folds} | {Seconds(seconds.Median)} ({Seconds(seconds.Least)} to {Seconds(seconds.Most)}) |"));
        }
        line("");
        line("Wall time, whatever else the machines did: it tells how long a fold takes, and compares no networks.");
        line("");
        line($"Weights: the numbers that training fits, without the running statistics of the normalisation.{Sizes(report)}");
    }

    /// <summary>Networks of one width are not of one size: a difference between them may be one of size.</summary>
    private static string Sizes(CrossValidationReport report)
    {
        if (report.Networks.FirstOrDefault(network => network.Architecture == Architectures.UNet) is not { } unet)
            return "";
        List<string> shares = [.. report.Networks.DistinctBy(network => network.Architecture).Where(network => network.Architecture != Architectures.UNet)
            .Select(network => Invariant($"`{network.Architecture}` {(double)network.Weights / unet.Weights:F2}"))];
        return shares.Count == 0 ? "" : $" As a multiple of the U-Net's: {string.Join(", ", shares)}. A difference between networks of unlike size may come from the size.";
    }

    /// <summary>As the folds note it, not as it was planned.</summary>
    private static void WriteConfiguration(CrossValidationReport report, Action<string> line)
    {
        line("## Configuration");
        line("");
        line("What the folds of each network ran with:");
        line("");
        List<string> own = [.. report.Networks.SelectMany(network => network.OwnOptions.Select(option => option.Key)).Distinct()];
        line($"| network | views | epochs | steps of a fold | {string.Concat(own.Select(path => $"{path} | "))}".TrimEnd());
        line($"|---|---|---|---|{string.Concat(own.Select(_ => "---|"))}");
        foreach (var network in report.Networks)
            line($"| {network.Architecture} | {Views(network.Augmented)}: `{network.Views}` | {network.Epochs} | {network.Steps} | {string.Concat(own.Select(path => $"{network.OwnOptions[path]?.ToJsonString() ?? "-"} | "))}".TrimEnd());
        line("");
        line("And all of them with (attention and ResNeXt blocks where a network has them):");
        line("");
        line("```json");
        line(JsonSerializer.Serialize(report.Options, CrossValidationReportJson.Default.JsonObject));
        line("```");
    }

    private static void WriteAgreement(CrossValidationReport report, Action<string> line)
    {
        if (report.Differences.Count + report.DifferencesOfViews.Count == 0)
            return;
        line("");
        line("## What agrees with the paper");
        line("");
        line("Differences on the same slices, group by group. The direction is the paper's where the interval of the mean over the classes lies on its side of 0, and open where it holds 0. The paper's size is its own difference: in that interval, above or below. Only the same direction with the paper's size in the interval agrees with the paper. An interval of networks that were trained once does not know the luck of a training.");
        List<Difference> ofAll = [.. report.Differences.Where(difference => difference.Architecture == Architectures.Full)];
        List<Difference> ofOne = [.. report.Differences.Where(difference => difference.Architecture != Architectures.Full)];
        if (ofAll.Count > 0)
            WriteDifferences("What `m` reaches more than another network", "m against", ofAll, difference => $"{difference.Other} | {Views(difference.Augmented)}", line);
        if (ofOne.Count > 0)
        {
            WriteDifferences(
                "What a part alone adds to the U-Net", "part", ofOne,
                difference => $"{PartOf(difference.Architecture)} ({difference.Architecture} - {difference.Other}) | {Views(difference.Augmented)}", line);
        }
        if (report.DifferencesOfViews.Count > 0)
        {
            WriteDifferences(
                $"What augmentation adds, {(report.Steps is null ? "with the steps that its views cost" : "in about as many steps")}",
                "network", report.DifferencesOfViews, difference => $"{difference.Architecture} | {Views(difference.Augmented)} - {Views(difference.OtherAugmented)}", line);
        }
    }

    private static void WriteDifferences(string title, string network, IReadOnlyList<Difference> differences, Func<Difference, string> name, Action<string> line)
    {
        line("");
        line($"### {title}");
        line("");
        line($"| {network} | views | paper | mean of classes | verdict | {string.Join(" | ", differences[0].Findings.Select(finding => finding.Name))} |");
        line($"|---|---|---|---|---|{string.Concat(differences[0].Findings.Select(_ => "---|"))}");
        foreach (var difference in differences)
            line(Invariant($"| {name(difference)} | {difference.Claimed:+0.00;-0.00;0.00} | {difference.MeanClassDice.ToText(IntervalScore.Signed)} | {Verdict(difference)} | {string.Join(" | ", difference.Findings.Select(finding => finding.Dice.ToText(IntervalScore.Signed)))} |"));
    }

    private static string PartOf(string architecture) => architecture switch
    {
        Architectures.WithoutResNeXt => "attention",
        Architectures.WithoutAttention => "ResNeXt blocks",
        _ => throw new ArgumentException($"'{architecture}' has not one part alone.", nameof(architecture)),
    };

    private static string Verdict(Difference difference)
    {
        var interval = difference.MeanClassDice.Interval;
        var direction = interval switch
        {
            { Low: > 0 } => difference.Claimed > 0 ? "same direction" : "opposite direction",
            { High: < 0 } => difference.Claimed < 0 ? "same direction" : "opposite direction",
            _ => "direction open",
        };
        return $"{direction}, paper's size {Place(difference.Claimed, interval)}{(difference.Seeds < 2 ? ", one seed" : "")}";
    }

    /// <summary>Where a figure of the paper lies.</summary>
    private static string Place(double published, ScoreInterval? interval) => interval switch
    {
        null => "no interval",
        _ when published > interval.High => "above",
        _ when published < interval.Low => "below",
        _ => "in the interval",
    };

    private static string Views(bool augmented) => augmented ? "augmented" : "as they are";

    private static string Text(FindingScores finding) => finding.DiceOfSeeds.Count < 2
        ? finding.Dice.ToText()
        : Invariant($"{finding.Dice.ToText()}, {finding.DiceOfSeeds.Min():F3} to {finding.DiceOfSeeds.Max():F3}");

    // Two digits at the least, and no powers of ten.
    private static string Seconds(double seconds) => seconds.ToString(seconds < 10 ? "G2" : "F0", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
