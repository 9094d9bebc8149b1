using System.Globalization;
using static CtSeg.Local.Scaling.FigureTable;

namespace CtSeg.Local.Scaling;

/// <summary>Costs by arithmetic: per 1,000 slices, and a month at rest. Free units are not taken off: they are shared by all in a subscription.</summary>
internal static class CostTables
{
    private const double Thousand = 1000;
    private const double HoursPerMonth = 730;
    private const double DaysPerMonth = HoursPerMonth / 24;

    // As infra-bicep/ has them; a test holds them to it.
    public const int LogAlerts = 5;
    public const int MetricSeries = 11;
    public const int PrivateEndpoints = 9;
    public const int PrivateZones = 10;
    public const double SecondsBetweenLooks = 300;

    /// <param name="runs">The day simulated on each hardware.</param>
    public static FigureTable PerThousandSlices(PriceList prices, IReadOnlyList<DayFigures> runs)
    {
        List<IReadOnlyList<string>> rows = [];
        double rest = 0;
        foreach (var (what, quantity, id, per) in Services())
        {
            var price = prices.PriceOf(id);
            var cost = quantity / per * price.Amount;
            rest += cost;
            var divided = per == 1 ? string.Empty : $" / {Number(per)}";
            rows.Add([what, $"{Number(quantity)}{divided} x {Plain(price.Amount)}", Money(cost)]);
        }
        rows.Add(["all but the segmentation", string.Empty, Money(rest)]);
        foreach (var run in runs)
        {
            var (seconds, price) = (run.BilledSecondsPerThousand, prices.SecondOf(run.Hardware));
            rows.Add([$"segmentation on {run.Hardware.Name}, {run.Hospitals} {Hospitals(run.Hospitals)}", $"{Number(seconds)} s x {SecondArithmetic(prices, run.Hardware)}", Money(seconds * price)]);
            rows.Add([$"all, {run.Hardware.Name}, {run.Hospitals} {Hospitals(run.Hospitals)}", string.Empty, Money(rest + seconds * price)]);
        }
        return new FigureTable($"Costs per 1,000 slices, {prices.Currency}", ["what", "arithmetic", "cost"], rows);
    }

    public static FigureTable AtRest(PriceList prices)
    {
        double Of(string id) => prices.PriceOf(id).Amount;
        var lines = new (string What, string Arithmetic, double Open, double Private)[]
        {
            ("Service Bus, Standard", $"{HoursPerMonth} h x {Plain(Of("service-bus-standard-hour"))}", HoursPerMonth * Of("service-bus-standard-hour"), 0),
            ("Service Bus, Premium, one unit", $"{HoursPerMonth} h x {Plain(Of("service-bus-premium-hour"))}", 0, HoursPerMonth * Of("service-bus-premium-hour")),
            ("registry, Basic", $"{Number(DaysPerMonth)} days x {Plain(Of("registry-basic-day"))}", DaysPerMonth * Of("registry-basic-day"), 0),
            ("registry, Premium", $"{Number(DaysPerMonth)} days x {Plain(Of("registry-premium-day"))}", 0, DaysPerMonth * Of("registry-premium-day")),
            Both("alerts on logs", $"{LogAlerts} x {Plain(Of("alert-log-5-minutes"))}", LogAlerts * Of("alert-log-5-minutes")),
            Both("alerts on metrics", $"{MetricSeries} series x {Plain(Of("alert-metric"))}", MetricSeries * Of("alert-metric")),
            ("private endpoints", $"{PrivateEndpoints} x {HoursPerMonth} h x {Plain(Of("private-endpoint-hour"))}", 0, PrivateEndpoints * HoursPerMonth * Of("private-endpoint-hour")),
            ("private DNS zones", $"{PrivateZones} x {Plain(Of("private-zone-month"))}", 0, PrivateZones * Of("private-zone-month")),
            ("load balancer and address of the environment", $"{HoursPerMonth} h x ({Plain(Of("load-balancer-hour"))} + {Plain(Of("public-ip-hour"))})", 0, HoursPerMonth * (Of("load-balancer-hour") + Of("public-ip-hour"))),
            Timers(prices),
        };
        List<IReadOnlyList<string>> rows = [.. lines.Select(line => (IReadOnlyList<string>)[line.What, line.Arithmetic, Cell(line.Open), Cell(line.Private)])];
        rows.Add(["all", string.Empty, Money(lines.Sum(line => line.Open)), Money(lines.Sum(line => line.Private))]);
        return new FigureTable($"A month at rest, {prices.Currency}", ["what", "arithmetic", "dev, container, prod", "private"], rows);
    }

    private static IEnumerable<(string What, double Quantity, string Price, double Per)> Services() =>
    [
        ("functions, time", Thousand * SliceFootprint.FunctionSeconds * SliceFootprint.FunctionMemoryGb, "functions-time", 1),
        ("functions, calls", Thousand, "functions-executions", 1e6),
        ("Event Grid", Thousand * SliceFootprint.GridOperations, "event-grid-operations", 1e6),
        ("Service Bus, Standard", Thousand * SliceFootprint.BusOperations, "service-bus-standard-operations", 1e6),
        ("blobs written (ZRS)", Thousand * SliceFootprint.BlobWrites, "blob-hot-zrs-writes", 1e4),
        ("blobs read", Thousand * SliceFootprint.BlobReads, "blob-reads", 1e4),
        ("storage of the host", Thousand * SliceFootprint.HostRequests, "queue-operations", 1e4),
        ("blobs kept for a month (ZRS)", Thousand * SliceFootprint.StoredMb, "blob-hot-zrs-stored", 1e3),
        ("logs and traces", Thousand * SliceFootprint.LogKb, "logs-taken-in", 1e6),
    ];

    // Two timers look every few minutes; the third runs once a night.
    private static (string What, string Arithmetic, double Open, double Private) Timers(PriceList prices)
    {
        var calls = 2 * 3600 / SecondsBetweenLooks * HoursPerMonth + DaysPerMonth;
        var seconds = calls * SliceFootprint.FunctionSeconds * SliceFootprint.FunctionMemoryGb;
        var cost = calls / 1e6 * prices.PriceOf("functions-executions").Amount + seconds * prices.PriceOf("functions-time").Amount;
        return Both(
            "timers of the functions",
            $"{Number(calls)} calls of {Number(SliceFootprint.FunctionSeconds)} s in {Number(SliceFootprint.FunctionMemoryGb)} GB: {Number(calls)} / 1,000,000 x {Plain(prices.PriceOf("functions-executions").Amount)} + {Number(seconds)} x {Plain(prices.PriceOf("functions-time").Amount)}",
            cost);
    }

    private static (string What, string Arithmetic, double Open, double Private) Both(string what, string arithmetic, double cost) => (what, arithmetic, cost, cost);

    private static string SecondArithmetic(PriceList prices, Hardware hardware)
    {
        var gpu = hardware.GpuPrice is { } id ? $" + {Plain(prices.PriceOf(id).Amount)}" : string.Empty;
        return $"({Number(hardware.Processors)} x {Plain(prices.PriceOf("container-apps-vcpu").Amount)} + {Number(hardware.MemoryGib)} x {Plain(prices.PriceOf("container-apps-memory").Amount)}{gpu})";
    }

    private static string Hospitals(int count) => count == 1 ? "hospital" : "hospitals";
    private static string Cell(double cost) => cost == 0 ? "-" : Money(cost);
    private static string Plain(double value) => value.ToString("0.########", CultureInfo.InvariantCulture);
}
