using System.Globalization;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>JSON as the real host reads it: by Newtonsoft.Json, which takes strings that look like dates for dates.</summary>
internal static class JsonText
{
    public static bool LooksLikeJson(string text)
    {
        string trimmed = text.Trim();
        return (trimmed.StartsWith('{') && trimmed.EndsWith('}')) || (trimmed.StartsWith('[') && trimmed.EndsWith(']'));
    }

    /// <summary>The token, with dates that carry an offset turned to UTC (the real host's machines run on UTC); null for an empty text.</summary>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static JToken? Parse(string text)
    {
        using JsonTextReader reader = new(new StringReader(text));
        if (!reader.Read())
            return null;
        JToken token = JToken.ReadFrom(reader);
        while (reader.Read())
            if (reader.TokenType != JsonToken.Comment)
                throw new JsonReaderException("There is more after the end of the JSON value.");

        if (token is JContainer container)
            foreach (JValue value in container.Descendants().OfType<JValue>().ToList())
                if (value.Value is DateTime { Kind: DateTimeKind.Local } local)
                    value.Value = new DateTimeOffset(local).ToUniversalTime();
        return token;
    }

    /// <summary>A scalar as the host turns it into text: a date loses its zone and takes the invariant form, true becomes True; null for null.</summary>
    public static string? Scalar(JValue value) => value.Value is DateTimeOffset date
        ? date.UtcDateTime.ToString(CultureInfo.InvariantCulture)
        : Convert.ToString(value.Value, CultureInfo.InvariantCulture) is { } text && value.Value is not null ? text : null;

    public static JToken? TryParse(string text)
    {
        try
        {
            return Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
