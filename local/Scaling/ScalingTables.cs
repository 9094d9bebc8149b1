using System.Globalization;
using static CtSeg.Local.Scaling.FigureTable;

namespace CtSeg.Local.Scaling;

/// <summary>The tables of <c>./ctseg scaling</c>.</summary>
internal static class ScalingTables
{
    public static FigureTable OfDays(string title, IReadOnlyList<DayFigures> days, PriceList prices) =>
        new(
            title,
            ["hardware", "hospitals", "slices", "p50", "p95", "p99", "emergencies, p95", "executions", "at once", "billed", "busy", "deepest queue", $"{prices.Currency} per 1,000"],
            [.. days.Select(day => Row(day, prices))]);

    public static FigureTable OfBacklogs(string title, IReadOnlyList<DayFigures> days) =>
        new(
            title,
            ["hardware", "hospitals", "slices of the backlog", "longest wait", "other slices, p50", "p95", "p99", "at once", "deepest queue"],
            [.. days.Select(day => (IReadOnlyList<string>)
            [
                day.Hardware.Name, Whole(day.Hospitals), Whole(day.Backlog), Time(day.All?.Longest), Time(day.Fresh?.P50), Time(day.Fresh?.P95), Time(day.Fresh?.P99),
                Whole(day.MostExecutions), Whole(day.DeepestQueue),
            ])]);

    /// <summary>How far the longest wait is from the time at which scans are given up, and what asking again for those that wait costs.</summary>
    public static FigureTable OfWaits(string title, IReadOnlyList<DayFigures> days, PriceList prices) =>
        new(
            title,
            [
                "hardware", "hospitals", "slices of the backlog", "longest wait", "given up after", "given up", "asked again", "operations of Service Bus for it",
                "time of the job", prices.Currency,
            ],
            [.. days.Select(day => (IReadOnlyList<string>)
            [
                day.Hardware.Name, Whole(day.Hospitals), Whole(day.Backlog), Time(day.All?.Longest), Time(day.Settings.GivenUpAfterSeconds),
                Whole(day.Reconciled.GivenUp), Whole(day.Reconciled.AskedAgain), Whole(day.Reconciled.AskedAgain * SliceFootprint.RepeatBusOperations),
                Time(day.Reconciled.SpareSeconds), Money(day.CostOfAskingAgain(prices)),
            ])]);

    public static FigureTable OfCandidates(string title, IReadOnlyList<Candidate> shown, PriceList prices)
    {
        List<string> columns = ["messages per execution", "batch", "idle", "executions at most"];
        foreach (var trial in shown[0].Trials)
        {
            var name = trial.Ordinary.Hardware.Name;
            columns.AddRange([$"{name}: p50", "p95", "p95 beside a backlog", "billed", $"{prices.Currency} per 1,000"]);
        }
        return new FigureTable(title, columns, [.. shown.Select(candidate => Row(candidate, prices))]);
    }

    private static string[] Row(DayFigures day, PriceList prices) =>
    [
        day.Hardware.Name, Whole(day.Hospitals), Whole(day.Slices), Time(day.All?.P50), Time(day.All?.P95), Time(day.All?.P99), Time(day.Emergencies?.P95),
        Whole(day.Executions), Whole(day.MostExecutions), Time(day.BilledSeconds), Percent(day.Utilisation), Whole(day.DeepestQueue), Money(day.CostPerThousand(prices)),
    ];

    private static List<string> Row(Candidate candidate, PriceList prices)
    {
        var settings = candidate.Settings;
        List<string> cells = [Whole(settings.MessagesPerExecution), Whole(settings.Batch), Time(settings.IdleSeconds), Whole(settings.MaxExecutions)];
        foreach (var (ordinary, withBacklog) in candidate.Trials)
            cells.AddRange([Time(ordinary.All?.P50), Time(ordinary.All?.P95), Time(withBacklog?.Fresh?.P95), Time(ordinary.BilledSeconds), Money(ordinary.CostPerThousand(prices))]);
        return cells;
    }

    private static string Whole(int count) => count.ToString("#,0", CultureInfo.InvariantCulture);
    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0} %");

    /// <summary>Seconds below two minutes, then minutes, from two hours on hours.</summary>
    private static string Time(double? seconds) => seconds switch
    {
        null => "-",
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0.0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:#,0.0} h"),
    };
}
