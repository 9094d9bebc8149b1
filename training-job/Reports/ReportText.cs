using System.Globalization;
using System.Net;
using CtSeg.Segmentation;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Reports;

/// <summary>How numbers, times and names read in a report. What comes from outside goes through <see cref="Encode"/>.</summary>
internal static class ReportText
{
    public const string Undefined = "–";
    private const int ShownHash = 12;

    public static string Encode(string text) => WebUtility.HtmlEncode(text);

    public static string Dice(double? value) => Number(value, "0.000");

    public static string Gain(double? value) => Number(value, "+0.000;−0.000;0.000");

    public static string Percent(double? share) => share is null ? Undefined : Number(100 * share, "0.0") + " %";

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Coordinate(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    public static string Number(double? value, string format) =>
        value is { } number && double.IsFinite(number) ? number.ToString(format, CultureInfo.InvariantCulture) : Undefined;

    public static string Time(DateTime utc) => utc.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Iso(DateTime utc) => utc.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Duration(TimeSpan duration) => duration.TotalMinutes < 2
        ? string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0} s")
        : duration.TotalHours < 2
            ? string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMinutes:0} min")
            : string.Create(CultureInfo.InvariantCulture, $"{duration.TotalHours:0.0} h");

    public static string Short(string hash) => hash.Length > ShownHash ? hash[..ShownHash] : hash;

    public static string Words(TrainingRunState run) => run.ToString().ToLowerInvariant();

    /// <returns>The finding as people write it, encoded; a name that is not known as it is.</returns>
    public static string Finding(string token) => token switch
    {
        ShadowResult.Infection => "All lesions",
        _ when token == LesionClass.GroundGlassOpacity.Token => "Ground-glass opacity",
        _ when token == LesionClass.Consolidation.Token => "Consolidation",
        _ when token == LesionClass.PleuralEffusion.Token => "Pleural effusion",
        _ => Encode(token),
    };
}
