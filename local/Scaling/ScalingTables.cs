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
            ["hardware", "hospitals", "slices of the backlog", "last result of the day after", "other slices, p50", "p95", "p99", "at once", "deepest queue"],
            [.. days.Select(day => (IReadOnlyList<string>)
            [
                day.Hardware.Name, Whole(day.Hospitals), Whole(day.Backlog), Time(day.All?.Longest), Time(day.Fresh?.P50), Time(day.Fresh?.P95), Time(day.Fresh?.P99),
                Whole(day.MostExecutions), Whole(day.DeepestQueue),
            ])]);

    /// <param name="shown">The chosen one first.</param>
    public static FigureTable OfCandidates(string title, IReadOnlyList<Candidate> shown, PriceList prices) =>
        new(
            title,
            ["messages per execution", "batch", "idle", "executions at most", "p50", "p95", "p95 beside a backlog", "executions", "at once", "billed", "busy", $"{prices.Currency} per 1,000"],
            [.. shown.Select(candidate => (IReadOnlyList<string>)
            [
                Whole(candidate.Settings.MessagesPerExecution), Whole(candidate.Settings.Batch), Time(candidate.Settings.IdleSeconds), Whole(candidate.Settings.MaxExecutions),
                Time(candidate.Ordinary.All?.P50), Time(candidate.Ordinary.All?.P95), Time(candidate.WithBacklog.Fresh?.P95), Whole(candidate.Ordinary.Executions),
                Whole(candidate.Ordinary.MostExecutions), Time(candidate.Ordinary.BilledSeconds), Percent(candidate.Ordinary.Utilisation),
                Money(candidate.Ordinary.CostPerThousand(prices)),
            ])]);

    private static IReadOnlyList<string> Row(DayFigures day, PriceList prices) =>
    [
        day.Hardware.Name, Whole(day.Hospitals), Whole(day.Slices), Time(day.All?.P50), Time(day.All?.P95), Time(day.All?.P99), Time(day.Emergencies?.P95),
        Whole(day.Executions), Whole(day.MostExecutions), Time(day.BilledSeconds), Percent(day.Utilisation), Whole(day.DeepestQueue), Money(day.CostPerThousand(prices)),
    ];

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
