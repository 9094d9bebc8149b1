using System.Text;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>What a trigger hands over: the value of its binding and the metadata in the order in which it is sent.</summary>
/// <remarks>The value is bytes (for <c>dataType: binary</c>), text, or a JSON object.</remarks>
internal sealed record TriggerData(object Value, IReadOnlyList<KeyValuePair<string, object?>> Metadata);

/// <summary>
/// The body of an invocation, <c>{"Data":{...},"Metadata":{...}}</c>, byte for byte as the real host writes it:
/// objects stay objects, dates are bare ISO strings in whole seconds, every other scalar is JSON text inside a string.
/// </summary>
internal static class InvocationBody
{
    public static byte[] Write(string binding, TriggerData data)
    {
        using MemoryStream stream = new();
        using (JsonTextWriter json = new(new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 4096, leaveOpen: true)))
        {
            json.WriteStartObject();
            json.WritePropertyName("Data");
            json.WriteStartObject();
            json.WritePropertyName(binding);
            WriteValue(json, data.Value);
            json.WriteEndObject();
            json.WritePropertyName("Metadata");
            json.WriteStartObject();
            foreach ((string key, object? value) in data.Metadata)
            {
                // Null values, and the trigger's own value (its key ends so), are not repeated.
                if (value is null || key.EndsWith("trigger", StringComparison.OrdinalIgnoreCase))
                    continue;
                json.WritePropertyName(key);
                WriteValue(json, value);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    public static JObject System(string function, DateTimeOffset now, Guid random) => new(
        new JProperty("MethodName", function),
        new JProperty("UtcNow", now.UtcDateTime),
        new JProperty("RandGuid", random.ToString()));

    /// <summary>Merges the top-level properties of a text that is a JSON object into the metadata: as text, objects as objects, no arrays.</summary>
    public static IReadOnlyList<KeyValuePair<string, object?>> Merge(IReadOnlyList<KeyValuePair<string, object?>> metadata, string text)
    {
        if (!JsonText.LooksLikeJson(text) || JsonText.TryParse(text) is not JObject body)
            return metadata;
        List<KeyValuePair<string, object?>> merged = [.. metadata];
        foreach (JProperty property in body.Properties())
        {
            object? value = property.Value switch
            {
                JArray => null,
                JObject nested => nested,
                JValue scalar => JsonText.Scalar(scalar),
                _ => null,
            };
            if (value is null)
                continue;
            int existing = merged.FindIndex(pair => pair.Key == property.Name);
            if (existing >= 0)
                merged[existing] = KeyValuePair.Create(property.Name, (object?)value);
            else
                merged.Add(KeyValuePair.Create(property.Name, (object?)value));
        }

        return merged;
    }

    private static void WriteValue(JsonTextWriter json, object value)
    {
        switch (value)
        {
            case byte[] bytes:
                json.WriteValue(bytes);
                break;
            case JObject nested:
                nested.WriteTo(json);
                break;
            case DateTime date:
                // The host passes dates through their text form: fractions of a second and the zone are lost.
                json.WriteValue(new DateTime(date.Ticks - (date.Ticks % TimeSpan.TicksPerSecond), DateTimeKind.Unspecified));
                break;
            case DateTimeOffset date:
                json.WriteValue(new DateTimeOffset(date.Ticks - (date.Ticks % TimeSpan.TicksPerSecond), date.Offset));
                break;
            default:
                json.WriteValue(JsonConvert.SerializeObject(value));
                break;
        }
    }
}
