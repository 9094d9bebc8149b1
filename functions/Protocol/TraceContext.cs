namespace CtSeg.Functions.Protocol;

/// <summary>W3C trace context of an invocation, where the host sends one.</summary>
internal static class TraceContext
{
    private const int Length = 55;

    /// <returns>The header's value when it is a version 00 traceparent, else null: it is copied into messages.</returns>
    public static string? Of(HttpRequest request)
    {
        string? value = request.Headers.TraceParent;
        return value is { Length: Length } && value.StartsWith("00-", StringComparison.Ordinal) && value[35] == '-' && value[52] == '-'
            && IsHex(value.AsSpan(3, 32)) && IsHex(value.AsSpan(36, 16)) && IsHex(value.AsSpan(53, 2)) ? value : null;
    }

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            if (!char.IsAsciiHexDigitLower(c))
                return false;
        return true;
    }
}
