using System.Security.Cryptography;

namespace CtSeg.DataSets;

/// <summary>SHA-256 as documents write it: lower-case hexadecimal.</summary>
public static class ContentHash
{
    public static string Of(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Whether a text has the form of one, and so may be part of a path.</summary>
    public static bool IsPlausible(string? text) => text is { Length: 2 * SHA256.HashSizeInBytes } && text.All(char.IsAsciiHexDigitLower);
}
