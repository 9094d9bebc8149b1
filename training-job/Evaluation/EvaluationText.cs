using System.Globalization;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>A report to read.</summary>
internal static class EvaluationText
{
    /// <param name="worst">Number of slices to list.</param>
    public static void Write(TextWriter output, EvaluationReport report, int worst)
    {
        var scores = report.Scores;
        output.WriteLine($"model {string.Join(", ", report.Models.Select(model => model.Version))}: {scores.Slices} slices of {scores.Groups} groups");
        foreach (var judgement in report.Models.Select(model => model.JudgementText()).OfType<string>().Distinct())
            output.WriteLine(judgement);
        output.WriteLine(EvaluationReport.LineOnTraining(report.SlicesOfTraining));
        output.WriteLine();
        output.WriteLine("foreground protocol: pooled over all pixels at the masks' size, [95 % bootstrap interval over groups]");
        output.WriteLine($"{"",-24}{"slices",8}  {"Dice",-21}{"mean per image",-21}{"precision",-21}{"recall",-21}{"IoU",-21}{"accuracy",-21}HD95, pixels (slices)");
        foreach (var finding in report.Findings)
        {
            output.WriteLine($"{finding.Name,-24}{finding.SlicesWithClass,8}  {finding.Dice.ToText(),-21}{finding.MeanPerImage.ToText(),-21}{finding.Precision.ToText(),-21}{finding.Recall.ToText(),-21}"
                + $"{finding.IntersectionOverUnion.ToText(),-21}{finding.Accuracy.ToText(),-21}{finding.HausdorffDistance95.ToText("F1")} ({finding.SlicesWithDistance})");
        }
        output.WriteLine(ForegroundProtocol.RuleOfImages);
        foreach (var (name, alarms) in report.Findings.Select(finding => (finding.Name, finding.FalseAlarms)).Where(finding => finding.FalseAlarms.SlicesWithout > 0))
            output.WriteLine($"{name}: more than {FalseAlarms.Negligible} pixels in {alarms.SlicesAlarmed} of {alarms.SlicesWithout} slices without it; pixels in all of them: {alarms.Pixels}");
        output.WriteLine();
        output.WriteLine("pixels by true (row) and predicted (column) class: background, ground-glass, consolidation, effusion");
        foreach (var row in report.ConfusionMatrix)
            output.WriteLine(string.Concat(row.Select(pixels => $"{pixels,12}")));
        output.WriteLine();
        output.WriteLine($"expected calibration error, all pixels: {report.Calibration.ToText()}");
        output.WriteLine($"expected calibration error, pixels predicted as a lesion: {report.LesionCalibration.ToText()}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"paper protocol (background counted): micro {report.MicroDice.ToText()} (a prediction of nothing: {scores.Paper.AllBackgroundMicroDice:F3}), mean of the classes: Dice {report.MeanClassDice.ToText()}, precision {report.MeanClassPrecision.ToText()}"));
        if (scores.Attention is { } attention)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"attention set to zero: infection Dice {attention.InfectionDice:F3}, {new IntervalScore(attention.InfectionDiceLost, attention.LostInterval).ToText()} less; {attention.ChangedLesionPixels:P1} of the lesion pixels change class"));
        }
        WriteWorst(output, report.Slices, worst);
    }

    private static void WriteWorst(TextWriter output, IReadOnlyList<SliceScore> slices, int worst)
    {
        if (worst == 0)
            return;
        output.WriteLine();
        output.WriteLine("slices with the lowest infection Dice");
        output.WriteLine($"{"",-24}{"group",-8}{"lesion pixels",13}  {string.Join("  ", ForegroundProtocol.Findings.Select(finding => finding.Name))}");
        foreach (var slice in slices.Take(worst))
        {
            var scores = ForegroundProtocol.Findings.Select(finding =>
                (slice.Dice[finding.Name]?.ToString("F3", CultureInfo.InvariantCulture) ?? "-").PadRight(finding.Name.Length));
            output.WriteLine($"{slice.Name,-24}{slice.Group,-8}{slice.LesionPixels,13}  {string.Join("  ", scores)}".TrimEnd());
        }
    }
}
