using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CtSeg.Functions.Protocol;

/// <summary>
/// What a function answers the host: values for output bindings and lines for its log. Outputs are JSON objects, or an
/// array on purpose where several messages are meant: the host decodes strings that look like base64.
/// </summary>
internal sealed class Answer
{
    private readonly List<(string Binding, Action<Utf8JsonWriter> Write)> _outputs = [];
    private readonly List<string> _logs = [];

    public Answer Log(string line)
    {
        _logs.Add(line);
        return this;
    }

    public Answer Output<T>(string binding, T value, JsonTypeInfo<T> type)
        where T : class
    {
        _outputs.Add((binding, json => JsonSerializer.Serialize(json, value, type)));
        return this;
    }

    /// <summary>Several messages, each an object; none writes no output at all.</summary>
    public Answer OutputAll(string binding, IReadOnlyList<Action<Utf8JsonWriter>> values)
    {
        if (values.Count > 0)
            _outputs.Add((binding, json =>
            {
                json.WriteStartArray();
                foreach (var write in values)
                    write(json);
                json.WriteEndArray();
            }));
        return this;
    }

    public byte[] ToUtf8()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
            Write(json);
        return buffer.ToArray();
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartObject("Outputs");
        foreach (var (binding, write) in _outputs)
        {
            json.WritePropertyName(binding);
            write(json);
        }
        json.WriteEndObject();
        json.WriteStartArray("Logs");
        foreach (var line in _logs)
            json.WriteStringValue(line);
        json.WriteEndArray();
        json.WriteNull("ReturnValue");
        json.WriteEndObject();
    }
}
