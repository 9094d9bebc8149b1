using System.Text;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Turns one value of an answer's Outputs into messages, the real host's unkind habits included.</summary>
internal static class OutputMessages
{
    /// <summary>
    /// Base64-looking strings become bytes unless the binding says <c>dataType: binary</c>; an array becomes several messages;
    /// objects and strings holding JSON are written again, indented, dates with an offset as UTC.
    /// </summary>
    /// <exception cref="JsonException">A string begins and ends like JSON but is none.</exception>
    public static IReadOnlyList<byte[]> From(JToken value, bool isBinary)
    {
        if (value is JValue { Value: string text })
        {
            if (!isBinary && TryBase64(text) is { } bytes)
                return [bytes];
            if (!JsonText.LooksLikeJson(text))
                return [Encoding.UTF8.GetBytes(text)];
            value = JsonText.Parse(text)!;
        }

        return value is JArray items ? [.. items.Select(Bytes)] : [Bytes(value)];
    }

    // Windows would write CRLF; the real host's machines, as this system's, write LF.
    private static byte[] Bytes(JToken value) => Encoding.UTF8.GetBytes(value is JValue scalar
        ? JsonText.Scalar(scalar) ?? ""
        : value.ToString(Formatting.Indented).ReplaceLineEndings("\n"));

    private static byte[]? TryBase64(string text)
    {
        byte[] buffer = new byte[(text.Length / 4 * 3) + 3];
        return Convert.TryFromBase64String(text, buffer, out int written) ? buffer[..written] : null;
    }
}
