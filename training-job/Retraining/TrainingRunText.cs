using System.Globalization;
using System.Text.Json;
using CtSeg.TrainingRuns;
using Spectre.Console;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Runs as people read them.</summary>
internal static class TrainingRunText
{
    private const string TimeFormat = "yyyy-MM-dd HH:mm:ss 'UTC'";

    /// <summary>As in JSON.</summary>
    public static string NameOf(TrainingRunState state) => JsonNamingPolicy.KebabCaseLower.ConvertName(state.ToString());

    public static Table Table(IReadOnlyList<TrainingRunStatus> runs)
    {
        // An id in two lines cannot be copied.
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("run").NoWrap()).AddColumns("state", "epoch", "loss", "left", "why");
        foreach (var run in runs)
            table.AddRow([.. new[] { run.Id, NameOf(run.State), EpochsOf(run), LossOf(run), LeftOf(run), run.Reason ?? "" }.Select(Markup.Escape)]);
        return table;
    }

    public static IEnumerable<string> Describe(TrainingRunStatus run)
    {
        yield return $"{run.Id}: {NameOf(run.State)}{(run.CancelRequested && !run.HasEnded ? ", to be cancelled" : "")}";
        if (run.Reason is { } reason)
            yield return $"  {reason}";
        yield return string.Create(CultureInfo.InvariantCulture, $"  asked for by {run.Request.By}, {run.Attempt} {(run.Attempt == 1 ? "request" : "requests")}");
        if (run.Champion is { } champion)
            yield return $"  model in use when it began: {champion}; data set {run.DataSet}, locked set {run.EvaluationSet}";
        if (run.Challenger is { } challenger)
            yield return $"  its model: {challenger}";
        if (run.Progress is not null)
            yield return $"  epoch {EpochsOf(run)}, loss {LossOf(run)}{(run.HasEnded ? "" : $", {LeftOf(run)} left")}";
        if (run is { Shortened: { } shortened, Request.Minutes: { } minutes })
            yield return string.Create(CultureInfo.InvariantCulture, $"  shortened to the {shortened.Epochs} epochs that fit into {minutes} minutes");
        foreach (var step in run.Timeline)
            yield return $"  {step.Time.ToString(TimeFormat, CultureInfo.InvariantCulture)}  {NameOf(step.State)}";
        if (run.Beat is { } beat)
            yield return $"  {beat.Time.ToString(TimeFormat, CultureInfo.InvariantCulture)}  last sign of the job that works on it";
    }

    private static string EpochsOf(TrainingRunStatus run) =>
        run.Progress is { } progress ? string.Create(CultureInfo.InvariantCulture, $"{progress.Epoch}/{progress.Epochs}") : "";

    private static string LossOf(TrainingRunStatus run) =>
        run.Progress is { Losses: [.., var last] } ? last.ToString("F4", CultureInfo.InvariantCulture) : "";

    private static string LeftOf(TrainingRunStatus run) => run is { HasEnded: false, Progress.SecondsLeft: { } seconds }
        ? TimeSpan.FromSeconds(Math.Round(seconds)).ToString("c", CultureInfo.InvariantCulture)
        : "";
}
