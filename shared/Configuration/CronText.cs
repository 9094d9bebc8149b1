using System.Globalization;

namespace CtSeg.Configuration;

/// <summary>
/// Whether a text is NCRONTAB with six fields. The host that runs the schedule checks it too, but says so late and of one at a time.
/// </summary>
internal static class CronText
{
    private static readonly (int Least, int Most, string[] Names)[] Fields =
    [
        (0, 59, []), (0, 59, []), (0, 23, []), (1, 31, []),
        (1, 12, ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]),
        (0, 6, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]),
    ];

    public static bool IsSchedule(string text)
    {
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length == Fields.Length && fields.Index().All(field => field.Item.Split(',').All(part => IsPart(part, field.Index)));
    }

    private static bool IsPart(string part, int field)
    {
        var (range, step) = part.Split('/') switch
        {
            [var all] => (all, "1"),
            [var all, var every] => (all, every),
            _ => ("", ""),
        };
        if (!int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var steps) || steps < 1)
            return false;
        return range == "*" || range.Split('-') switch
        {
            [var one] => ValueOf(one, field) is not null,
            [var from, var to] => ValueOf(from, field) is { } first && ValueOf(to, field) is { } last && first <= last,
            _ => false,
        };
    }

    private static int? ValueOf(string text, int field)
    {
        var (least, most, names) = Fields[field];
        if (Array.FindIndex(names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is >= 0 and var index)
            return index + least;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most ? value : null;
    }
}
