using System.Globalization;
using static CtSeg.Local.Scaling.FigureTable;

namespace CtSeg.Local.Scaling;

/// <summary>How many hospitals one namespace, one account and one environment carry, by arithmetic from the limits of the services.</summary>
internal static class LimitTable
{
    private const double SecondsPerDay = 86_400;
    private const double DaysPerYear = 365;

    /// <param name="day">A day of many hospitals: its busiest minute is what the limits are held against.</param>
    public static FigureTable Of(PriceList prices, DayFigures day)
    {
        var peak = day.PeakPerSecond / day.Hospitals;
        var daily = (double)day.Slices / day.Hospitals;
        var kept = daily * SliceFootprint.StoredMb / 1e6 * DaysPerYear;
        List<IReadOnlyList<string>> rows =
        [
            Row(prices.LimitOf("service-bus-credits"), SliceFootprint.BusOperations, peak, "operations a slice"),
            Row(prices.LimitOf("storage-requests"), SliceFootprint.BlobWrites + SliceFootprint.BlobDeletes + SliceFootprint.BlobReads, peak, "requests a slice"),
            Row(prices.LimitOf("storage-ingress"), SliceFootprint.StoredMb * 8 / 1000, peak, "Gbit a slice"),
            Row(prices.LimitOf("event-grid-events"), 1, peak, "event a slice"),
            Functions(prices.LimitOf("functions-memory"), peak),
            Job(prices.LimitOf("container-apps-gpu"), Hardware.T4, 1, daily),
            Job(prices.LimitOf("container-apps-cores"), Hardware.Cpu, Hardware.Cpu.Processors, daily),
            Capacity(prices.LimitOf("storage-capacity"), kept),
        ];
        return new FigureTable(
            string.Create(CultureInfo.InvariantCulture, $"Where one of each ends: {peak:0.000} slices a second and hospital in the busiest minute, {daily:0} a day"),
            ["service", "limit", "of a", "arithmetic", "hospitals"], rows);
    }

    private static string[] Row(ServiceLimit limit, double perSlice, double peak, string unit) =>
        Row(limit, $"{Number(limit.Value)} / ({Number(perSlice)} {unit} x {Number(peak)})", limit.Value / (perSlice * peak));

    private static string[] Functions(ServiceLimit limit, double peak)
    {
        var pool = new IntakePool();
        var (instances, each) = (limit.Value / (SliceFootprint.FunctionMemoryGb * 1024), pool.Concurrency / pool.CallSeconds);
        return Row(limit, $"{Number(instances)} instances x {Number(each)} slices a second / {Number(peak)}", instances * each / peak);
    }

    // Over the day, not in the busiest minute: a queue is there to be waited in.
    private static string[] Job(ServiceLimit limit, Hardware hardware, double ofLimit, double daily)
    {
        var slices = limit.Value / ofLimit * SecondsPerDay / hardware.SecondsPerSlice;
        return Row(limit, $"{Number(limit.Value / ofLimit)} x {Number(SecondsPerDay)} s / {Number(hardware.SecondsPerSlice)} s / {Number(daily)} slices, never idle", slices / daily);
    }

    private static string[] Capacity(ServiceLimit limit, double terabytes)
    {
        // A PiB is 2^50 bytes.
        var all = limit.Value * Math.ScaleB(1, 50) / 1e12;
        return Row(limit, $"{Number(all)} TB / {Number(terabytes)} TB a year, if nothing is deleted for a year", all / terabytes);
    }

    private static string[] Row(ServiceLimit limit, string arithmetic, double hospitals) =>
        [limit.Service, $"{Number(limit.Value)} {limit.Unit}", limit.Scope, arithmetic, Floor(hospitals)];

    private static string Floor(double hospitals) => Math.Floor(hospitals).ToString("#,0", CultureInfo.InvariantCulture);
}
