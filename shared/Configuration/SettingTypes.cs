using System.Globalization;

namespace CtSeg.Configuration;

/// <summary>Digits only.</summary>
public sealed record WholeNumberSetting(string Name, string Meaning, SettingReaders ReadBy, long Least, long Most) : Setting<long>(Name, Meaning, ReadBy)
{
    public override string Expected => string.Create(CultureInfo.InvariantCulture, $"a whole number from {Least} to {Most}");
    public override string Default => Unless?.ToString(CultureInfo.InvariantCulture) ?? "";

    public override bool TryParse(string text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= Least && value <= Most;
}

/// <summary>More than 0.</summary>
public sealed record PositiveNumberSetting(string Name, string Meaning, SettingReaders ReadBy, double Most) : Setting<double>(Name, Meaning, ReadBy)
{
    public override string Expected => string.Create(CultureInfo.InvariantCulture, $"a number of more than 0 and at most {Most}");
    public override string Default => Unless?.ToString(CultureInfo.InvariantCulture) ?? "";

    public override bool TryParse(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && value > 0 && value <= Most;
}

public sealed record SwitchSetting(string Name, string Meaning, SettingReaders ReadBy) : Setting<bool>(Name, Meaning, ReadBy)
{
    public override string Expected => "true or false";
    public override string Default => Unless switch { true => "true", false => "false", null => "" };

    public override bool TryParse(string text, out bool value) => bool.TryParse(text, out value);
}

/// <summary><c>hh:mm:ss</c> or <c>d.hh:mm:ss</c>.</summary>
public sealed record DurationSetting(string Name, string Meaning, SettingReaders ReadBy, TimeSpan Least, TimeSpan Most) : Setting<TimeSpan>(Name, Meaning, ReadBy)
{
    public override string Expected => $"a duration from {Least:c} to {Most:c}";
    public override string Default => Unless?.ToString("c", CultureInfo.InvariantCulture) ?? "";

    public override bool TryParse(string text, out TimeSpan value) =>
        TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out value) && value >= Least && value <= Most;
}

/// <summary>NCRONTAB with six fields, UTC.</summary>
public sealed record ScheduleSetting(string Name, string Meaning, SettingReaders ReadBy, string Usual) : Setting(Name, Meaning, ReadBy)
{
    public override string Expected => $"a schedule of six fields (second, minute, hour, day, month, day of the week) as '{Usual}'";
    public override string Default => Usual;

    public override bool Accepts(string text) => CronText.IsSchedule(text);
}

/// <summary>Any text of which only the one who uses it can say whether it holds.</summary>
public sealed record TextSetting(string Name, string Meaning, SettingReaders ReadBy, string What) : Setting(Name, Meaning, ReadBy)
{
    public override string Expected => What;

    public override bool Accepts(string text) => true;
}

/// <summary>One of a few words, whatever their case.</summary>
public sealed record WordSetting(string Name, string Meaning, SettingReaders ReadBy, IReadOnlyList<string> Words) : Setting(Name, Meaning, ReadBy)
{
    public override string Expected => string.Join(" or ", Words);

    public override bool Accepts(string text) => Words.Contains(text, StringComparer.OrdinalIgnoreCase);
}

/// <summary>The client id of an identity.</summary>
public sealed record ClientIdSetting(string Name, string Meaning, SettingReaders ReadBy) : Setting(Name, Meaning, ReadBy)
{
    public override string Expected => "a client id as 00000000-0000-0000-0000-000000000000";

    public override bool Accepts(string text) => Guid.TryParseExact(text, "D", out _);
}
