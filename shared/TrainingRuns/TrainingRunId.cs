using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;

namespace CtSeg.TrainingRuns;

/// <summary><c>yyyyMMdd-HHmmss-xxxxxx</c>: UTC and six random hexadecimal characters, so that ids sort by time and are part of blob names.</summary>
public static class TrainingRunId
{
    private const string TimeFormat = "yyyyMMdd-HHmmss";
    private const int RandomLength = 6;
    private const int Length = 22;
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    /// <param name="time">UTC.</param>
    public static string New(DateTime time) =>
        $"{time.ToString(TimeFormat, CultureInfo.InvariantCulture)}-{RandomNumberGenerator.GetHexString(RandomLength, lowercase: true)}";

    /// <summary>Whether a text from elsewhere is an id; only then may it become part of a blob's name.</summary>
    public static bool IsValid(string? text) =>
        text is { Length: Length }
        && text[TimeFormat.Length] == '-'
        && DateTime.TryParseExact(text.AsSpan(0, TimeFormat.Length), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
        && text.AsSpan(TimeFormat.Length + 1).IndexOfAnyExcept(Hexadecimal) < 0;
}
