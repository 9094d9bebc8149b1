namespace CtSeg.Recovery;

/// <summary>Any text as blob metadata, which travels in HTTP headers: ASCII only.</summary>
internal static class MetadataText
{
    private const int MaxLength = 1000;

    /// <summary>With percent signs, and cut where it is too long.</summary>
    public static string Escape(string text, int maxLength = MaxLength)
    {
        var escaped = Uri.EscapeDataString(text);
        if (escaped.Length <= maxLength)
            return escaped;
        // Not in the middle of a character's percent signs.
        var cut = escaped.LastIndexOf('%', maxLength - 1, 3) is var sign and >= 0 ? sign : maxLength;
        return escaped[..cut];
    }

    /// <returns>Null where there is none.</returns>
    public static string? Find(IDictionary<string, string> metadata, string name) =>
        metadata.TryGetValue(name, out var escaped) ? Uri.UnescapeDataString(escaped) : null;
}
