using System.Globalization;

namespace CtSeg.TrainingJob.Reports;

/// <summary>An axis from one round number to another.</summary>
/// <param name="Step">Between two ticks.</param>
internal sealed record ReportAxis(double Low, double High, double Step)
{
    private const int WantedTicks = 5;

    public IReadOnlyList<double> Ticks =>
        [.. Enumerable.Range(0, (int)Math.Round((High - Low) / Step) + 1).Select(number => Math.Round(Low + number * Step, 12))];

    /// <summary>The smallest such axis that holds both, with steps of 1, 2 or 5 times a power of ten.</summary>
    public static ReportAxis Covering(double low, double high)
    {
        if (!double.IsFinite(low) || !double.IsFinite(high) || high < low)
            (low, high) = (0, 1);
        // One value alone, or rounding of it, gets room on both sides.
        var least = Math.Max(1e-6, 1e-3 * Math.Max(Math.Abs(low), Math.Abs(high)));
        if (high - low < least)
            (low, high) = (low - least, high + least);
        var span = high - low;
        var power = Math.Pow(10, Math.Floor(Math.Log10(span / WantedTicks)));
        var step = new[] { 1, 2, 5, 10 }.Select(times => times * power).First(step => span / step <= WantedTicks);
        var (first, last) = (Math.Floor(low / step) * step, Math.Ceiling(high / step) * step);
        return new ReportAxis(first, last > first ? last : first + step, step);
    }

    /// <returns>0 at the low end, 1 at the high end.</returns>
    public double ShareOf(double value) => (value - Low) / (High - Low);

    public string Label(double tick)
    {
        var decimals = Math.Clamp((int)Math.Ceiling(-Math.Log10(Step) - 1e-9), 0, 8);
        return tick.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).Replace('-', '−');
    }
}
