using System.Buffers.Binary;
using System.Text.Json;

namespace CtSeg.TrainingJob.WeightFiles;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Begin">First byte, counted from the end of the header.</param>
/// <param name="End">The byte after the last.</param>
internal sealed record SafetensorsEntry(string Name, string Type, long[] Shape, long Begin, long End);

/// <summary>
/// The header of a safetensors file: 8 bytes length (little endian), JSON, then the tensors' bytes without gaps or overlaps.
/// Everything is checked before memory is taken for a tensor.
/// </summary>
internal sealed record SafetensorsHeader(IReadOnlyList<SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    // The format's own cap is 100 MB; a network of ours needs less than 100 KB.
    private const int MaxHeaderBytes = 4 << 20;
    private const int MaxTensors = 20_000;
    private const int MaxDimensions = 8;
    private const string MetadataName = "__metadata__";

    /// <summary>The element types that are read, and their sizes in bytes.</summary>
    public static IReadOnlyDictionary<string, int> ElementSizes { get; } =
        new Dictionary<string, int> { ["F32"] = 4, ["F64"] = 8, ["I64"] = 8 };

    /// <exception cref="WeightsFormatException">The header breaks a rule of the format.</exception>
    public static (SafetensorsHeader Header, int DataStart) Parse(ReadOnlySpan<byte> file)
    {
        if (file.Length < 8)
            throw new WeightsFormatException($"The weights file has {file.Length} bytes and no header.");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(file);
        if (length > MaxHeaderBytes)
            throw new WeightsFormatException($"The weights file declares a header of {length} bytes; {MaxHeaderBytes} are allowed.");
        if (length > (ulong)(file.Length - 8))
            throw new WeightsFormatException($"The weights file ends inside its header of {length} bytes.");
        var dataStart = 8 + (int)length;
        var header = ParseJson(file[8..dataStart]);
        header.CheckLayout(file.Length - dataStart);
        return (header, dataStart);
    }

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        stream.Write(new byte[8]);
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            if (Metadata.Count > 0)
            {
                json.WriteStartObject(MetadataName);
                foreach (var (key, value) in Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }
            foreach (var entry in Entries)
                Write(json, entry);
            json.WriteEndObject();
        }
        // The format pads with spaces, so that the data starts aligned.
        while (stream.Length % 8 != 0)
            stream.WriteByte((byte)' ');
        var bytes = stream.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)(bytes.Length - 8));
        return bytes;
    }

    private static void Write(Utf8JsonWriter json, SafetensorsEntry entry)
    {
        json.WriteStartObject(entry.Name);
        json.WriteString("dtype", entry.Type);
        json.WriteStartArray("shape");
        foreach (var size in entry.Shape)
            json.WriteNumberValue(size);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(entry.Begin);
        json.WriteNumberValue(entry.End);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static SafetensorsHeader ParseJson(ReadOnlySpan<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json.ToArray(), new JsonDocumentOptions { MaxDepth = 4, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new WeightsFormatException("The weights file's header is not a JSON object.");
            var entries = new List<SafetensorsEntry>();
            var metadata = new Dictionary<string, string>();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name == MetadataName)
                    ReadMetadata(property.Value, metadata);
                else if (entries.Count == MaxTensors)
                    throw new WeightsFormatException($"The weights file holds more than {MaxTensors} tensors.");
                else
                    entries.Add(ReadEntry(property.Name, property.Value));
            }
            return new SafetensorsHeader(entries, metadata);
        }
        // A name that is not valid Unicode is an InvalidOperationException of the JSON reader.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new WeightsFormatException($"The weights file's header is not valid JSON: {exception.Message}");
        }
    }

    private static void ReadMetadata(JsonElement element, Dictionary<string, string> metadata)
    {
        if (element.ValueKind != JsonValueKind.Object || element.EnumerateObject().Any(pair => pair.Value.ValueKind != JsonValueKind.String))
            throw new WeightsFormatException("The metadata of the weights file is not a map of strings.");
        foreach (var pair in element.EnumerateObject())
            metadata[pair.Name] = pair.Value.GetString()!;
    }

    private static SafetensorsEntry ReadEntry(string name, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object
            || !element.TryGetProperty("dtype", out var type) || type.ValueKind != JsonValueKind.String
            || !element.TryGetProperty("shape", out var shape) || !TryReadNumbers(shape, out var sizes)
            || !element.TryGetProperty("data_offsets", out var offsets) || !TryReadNumbers(offsets, out var bounds) || bounds.Length != 2
            || element.EnumerateObject().Count() != 3)
            throw new WeightsFormatException($"The entry '{name}' of the weights file is not a type, a shape and two offsets.");
        if (sizes.Length > MaxDimensions)
            throw new WeightsFormatException($"The tensor '{name}' has {sizes.Length} dimensions; {MaxDimensions} are allowed.");
        var entry = new SafetensorsEntry(name, type.GetString()!, sizes, bounds[0], bounds[1]);
        CheckSize(entry);
        return entry;
    }

    private static bool TryReadNumbers(JsonElement element, out long[] numbers)
    {
        numbers = [];
        if (element.ValueKind != JsonValueKind.Array)
            return false;
        var read = new List<long>();
        foreach (var item in element.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out var number) || number < 0)
                return false;
            read.Add(number);
        }
        numbers = [.. read];
        return true;
    }

    private static void CheckSize(SafetensorsEntry entry)
    {
        if (!ElementSizes.TryGetValue(entry.Type, out var bytes))
            throw new WeightsFormatException($"The tensor '{entry.Name}' has the element type '{entry.Type}'; only {string.Join(", ", ElementSizes.Keys)} are read.");
        try
        {
            foreach (var size in entry.Shape)
                bytes = checked((int)(bytes * size));
        }
        catch (OverflowException)
        {
            throw new WeightsFormatException($"The tensor '{entry.Name}' is larger than 2 GB.");
        }
        if (entry.End - entry.Begin != bytes)
            throw new WeightsFormatException($"The tensor '{entry.Name}' needs {bytes} bytes, its offsets span {entry.End - entry.Begin}.");
    }

    private void CheckLayout(long dataBytes)
    {
        long at = 0;
        foreach (var entry in Entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.Begin != at)
                throw new WeightsFormatException($"The tensor '{entry.Name}' starts at byte {entry.Begin} instead of {at}: tensors overlap or leave a gap.");
            at = entry.End;
        }
        if (at != dataBytes)
            throw new WeightsFormatException($"The tensors end at byte {at}, the weights file holds {dataBytes} bytes of them.");
    }
}
