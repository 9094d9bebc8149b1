namespace CtSeg.Contracts;

/// <summary>W3C trace contexts that came from elsewhere: they are copied into messages and documents, so they are looked at first.</summary>
public static class TraceParents
{
    private const int Length = 55;

    /// <returns>The value when it is a version 00 traceparent, else null.</returns>
    public static string? Checked(string? value) =>
        value is { Length: Length } && value.StartsWith("00-", StringComparison.Ordinal) && value[35] == '-' && value[52] == '-'
            && IsHex(value.AsSpan(3, 32)) && IsHex(value.AsSpan(36, 16)) && IsHex(value.AsSpan(53, 2)) ? value : null;

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            if (!char.IsAsciiHexDigitLower(c))
                return false;
        return true;
    }
}
