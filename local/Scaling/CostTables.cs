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
    public const double InstanceProcessors = 0.5;
    public const double InstanceGib = 1;

    // Two timers look every few minutes; the third runs once a night.
    private const double TimerCalls = 2 * 3600 / SecondsBetweenLooks * HoursPerMonth + DaysPerMonth;

    // A span with what it asked of storage, and a metric. Assumed.
    private const double TimerLogKb = 5;

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
        AtRestLine[] lines =
        [
            AtRestLine.Open("Service Bus, Standard", $"{HoursPerMonth} h x {Plain(Of("service-bus-standard-hour"))}", HoursPerMonth * Of("service-bus-standard-hour")),
            AtRestLine.Closed("Service Bus, Premium, one unit", $"{HoursPerMonth} h x {Plain(Of("service-bus-premium-hour"))}", HoursPerMonth * Of("service-bus-premium-hour")),
            AtRestLine.Open("registry, Basic", $"{Number(DaysPerMonth)} days x {Plain(Of("registry-basic-day"))}", DaysPerMonth * Of("registry-basic-day")),
            AtRestLine.Closed("registry, Premium", $"{Number(DaysPerMonth)} days x {Plain(Of("registry-premium-day"))}", DaysPerMonth * Of("registry-premium-day")),
            AtRestLine.All("alerts on logs", $"{LogAlerts} x {Plain(Of("alert-log-5-minutes"))}", LogAlerts * Of("alert-log-5-minutes")),
            AtRestLine.All("alerts on metrics", $"{MetricSeries} series x {Plain(Of("alert-metric"))}", MetricSeries * Of("alert-metric")),
            AtRestLine.Closed("private endpoints", $"{PrivateEndpoints} x {HoursPerMonth} h x {Plain(Of("private-endpoint-hour"))}", PrivateEndpoints * HoursPerMonth * Of("private-endpoint-hour")),
            AtRestLine.Closed("private DNS zones", $"{PrivateZones} x {Plain(Of("private-zone-month"))}", PrivateZones * Of("private-zone-month")),
            AtRestLine.Closed("load balancer and address of the environment", $"{HoursPerMonth} h x ({Plain(Of("load-balancer-hour"))} + {Plain(Of("public-ip-hour"))})", HoursPerMonth * (Of("load-balancer-hour") + Of("public-ip-hour"))),
            Timers(prices),
            AtRestLine.All("logs of the timers", $"{Number(TimerCalls)} x {Number(TimerLogKb)} KB: {Number(TimerCalls * TimerLogKb)} / 1,000,000 x {Plain(Of("logs-taken-in"))}", TimerCalls * TimerLogKb / 1e6 * Of("logs-taken-in")),
            Instance(prices),
        ];
        List<IReadOnlyList<string>> rows = [.. lines.Select(line => (IReadOnlyList<string>)[line.What, line.Arithmetic, Cell(line.Flex), Cell(line.Container), Cell(line.Private)])];
        rows.Add(["all", string.Empty, Money(lines.Sum(line => line.Flex)), Money(lines.Sum(line => line.Container)), Money(lines.Sum(line => line.Private))]);
        return new FigureTable($"A month at rest, {prices.Currency}", ["what", "arithmetic", "dev, prod", "container", "private"], rows);
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

    private static AtRestLine Timers(PriceList prices)
    {
        var (executions, time) = (prices.PriceOf("functions-executions").Amount, prices.PriceOf("functions-time").Amount);
        var seconds = TimerCalls * SliceFootprint.FunctionSeconds * SliceFootprint.FunctionMemoryGb;
        var cost = TimerCalls / 1e6 * executions + seconds * time;
        return new AtRestLine(
            "timers of the functions",
            $"{Number(TimerCalls)} calls of {Number(SliceFootprint.FunctionSeconds)} s in {Number(SliceFootprint.FunctionMemoryGb)} GB: {Number(TimerCalls)} / 1,000,000 x {Plain(executions)} + {Number(seconds)} x {Plain(time)}",
            Flex: cost, Container: 0, Private: cost);
    }

    /// <summary>At the price of work: what its timers leave idle may cost less.</summary>
    private static AtRestLine Instance(PriceList prices)
    {
        var (processors, memory) = (prices.PriceOf("container-apps-vcpu").Amount, prices.PriceOf("container-apps-memory").Amount);
        var seconds = HoursPerMonth * 3600;
        return new AtRestLine(
            "instance of the functions that always runs",
            $"{Number(seconds)} s x ({Plain(InstanceProcessors)} x {Plain(processors)} + {Plain(InstanceGib)} x {Plain(memory)})",
            Flex: 0, Container: seconds * (InstanceProcessors * processors + InstanceGib * memory), Private: 0);
    }

    private static string SecondArithmetic(PriceList prices, Hardware hardware)
    {
        var gpu = hardware.GpuPrice is { } id ? $" + {Plain(prices.PriceOf(id).Amount)}" : string.Empty;
        return $"({Number(hardware.Processors)} x {Plain(prices.PriceOf("container-apps-vcpu").Amount)} + {Number(hardware.MemoryGib)} x {Plain(prices.PriceOf("container-apps-memory").Amount)}{gpu})";
    }

    private static string Hospitals(int count) => count == 1 ? "hospital" : "hospitals";
    private static string Cell(double cost) => cost == 0 ? "-" : Money(cost);
    private static string Plain(double value) => value.ToString("0.########", CultureInfo.InvariantCulture);

    /// <summary>Costs of a month in each form: functions on Flex Consumption, as a container app, in the private network.</summary>
    private sealed record AtRestLine(string What, string Arithmetic, double Flex, double Container, double Private)
    {
        public static AtRestLine All(string what, string arithmetic, double cost) => new(what, arithmetic, cost, cost, cost);

        public static AtRestLine Open(string what, string arithmetic, double cost) => new(what, arithmetic, cost, cost, 0);

        public static AtRestLine Closed(string what, string arithmetic, double cost) => new(what, arithmetic, 0, 0, cost);
    }
}
