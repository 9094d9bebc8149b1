using System.Text.Json;

namespace CtSeg.Functions.Protocol;

/// <summary>The host writes every scalar as JSON text inside a string: <c>"name": "\"a.png\""</c>, <c>"DeliveryCount": "1"</c>.</summary>
internal static class Scalars
{
    /// <summary>The text that <paramref name="encoded"/> holds; null when it does not hold a JSON string.</summary>
    public static string? DecodeText(string encoded)
    {
        try
        {
            using var json = JsonDocument.Parse(encoded);
            return json.RootElement.ValueKind == JsonValueKind.String ? json.RootElement.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A scalar as text: a JSON string's content, a number as written; null when there is none.</summary>
    public static string? Find(JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
            return null;
        var encoded = value.GetString()!;
        return DecodeText(encoded) ?? encoded;
    }
}
