using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Robustness;

/// <summary>Foreground protocol under one disturbance.</summary>
/// <param name="InfectionDiceLost">Against the slices as they are, with its interval over groups.</param>
/// <param name="Warned">Slices that the model's input check warns about; null where the model has none.</param>
internal sealed record DisturbedScores(string Disturbance, ForegroundScores Foreground, IntervalScore InfectionDiceLost, int? Warned);

/// <summary>What `ctseg-job robustness` finds out.</summary>
/// <param name="SlicesOfTraining">As <see cref="ScoredModels.SlicesOfTraining"/>.</param>
internal sealed record RobustnessReport(
    IReadOnlyList<ScoredModel> Models, string DataSha256, int Slices, int Groups, int? SlicesOfTraining, IReadOnlyList<DisturbedScores> Disturbances)
{
    /// <param name="command">That made it, as it is typed.</param>
    public string ToMarkdown(string command)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Robustness\n\nWritten by `{command}`: {Slices} slices of {Groups} groups, model {string.Join(", ", Models.Select(model => model.Version))}. ");
        text.Append("Dice of the foreground protocol, pooled, [95 % bootstrap interval over groups]; what is lost is against the same slices undisturbed.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{EvaluationReport.NoteOnTraining(SlicesOfTraining)}\n\n");
        foreach (var judgement in Models.Select(model => model.JudgementText()).OfType<string>().Distinct())
            text.Append(CultureInfo.InvariantCulture, $"How the masks were made from the networks' {judgement}.\n\n");
        // The models of a cross-validation have no input check.
        var isWarned = Disturbances.Any(row => row.Warned is not null);
        text.Append("| disturbance | infection | lost | ground-glass-opacity | consolidation | pleural-effusion |").Append(isWarned ? " warned about |" : "");
        text.Append("\n|---|---|---|---|---|---|").Append(isWarned ? "---|" : "").Append('\n');
        foreach (var row in Disturbances)
        {
            var classes = string.Join(" | ", row.Foreground.Classes.Select(score => IntervalScore.DiceOf(score).ToText()));
            text.Append(CultureInfo.InvariantCulture, $"| {row.Disturbance} | {IntervalScore.DiceOf(row.Foreground.Infection).ToText()} | {row.InfectionDiceLost.ToText(IntervalScore.Signed)} | {classes} |");
            text.Append(isWarned ? $" {row.Warned?.ToString(CultureInfo.InvariantCulture) ?? "-"} |\n" : "\n");
        }
        return text.ToString();
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(RobustnessReport))]
internal sealed partial class RobustnessJson : JsonSerializerContext;
