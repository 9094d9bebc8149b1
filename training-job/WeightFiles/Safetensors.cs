using static TorchSharp.torch;

namespace CtSeg.TrainingJob.WeightFiles;

/// <summary>Reads and writes tensors in the safetensors format: names, shapes and raw little-endian numbers, nothing that executes.</summary>
internal static class Safetensors
{
    /// <summary>The caller disposes the tensors.</summary>
    /// <exception cref="WeightsFormatException">The file breaks a rule of the format.</exception>
    public static (IReadOnlyDictionary<string, Tensor> Tensors, IReadOnlyDictionary<string, string> Metadata) Read(ReadOnlySpan<byte> file)
    {
        var (header, dataStart) = SafetensorsHeader.Parse(file);
        var tensors = new Dictionary<string, Tensor>();
        foreach (var entry in header.Entries)
        {
            var tensor = empty(entry.Shape, ToScalarType(entry.Type));
            file.Slice(dataStart + (int)entry.Begin, (int)(entry.End - entry.Begin)).CopyTo(Bytes(tensor));
            tensors[entry.Name] = tensor;
        }
        return (tensors, header.Metadata);
    }

    /// <summary>Writes the tensors in the order of their names.</summary>
    public static byte[] Write(IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var scope = NewDisposeScope();
        var entries = new List<SafetensorsEntry>();
        var contents = new List<Tensor>();
        long at = 0;
        foreach (var (name, original) in tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var content = original.detach().cpu().contiguous();
            var type = FromScalarType(name, content.dtype);
            var bytes = content.numel() * SafetensorsHeader.ElementSizes[type];
            entries.Add(new SafetensorsEntry(name, type, content.shape, at, at + bytes));
            contents.Add(content);
            at += bytes;
        }
        var header = new SafetensorsHeader(entries, metadata ?? new Dictionary<string, string>()).ToBytes();
        var file = new byte[checked(header.Length + (int)at)];
        header.CopyTo(file, 0);
        for (var index = 0; index < entries.Count; index++)
            Bytes(contents[index]).CopyTo(file.AsSpan(header.Length + (int)entries[index].Begin));
        return file;
    }

    // tensor.bytes is a view of the tensor's own memory; a tensor without elements has none.
    private static Span<byte> Bytes(Tensor tensor) => tensor.numel() == 0 ? [] : tensor.bytes;

    private static ScalarType ToScalarType(string type) => type switch
    {
        "F32" => ScalarType.Float32,
        "F64" => ScalarType.Float64,
        _ => ScalarType.Int64,
    };

    private static string FromScalarType(string name, ScalarType type) => type switch
    {
        ScalarType.Float32 => "F32",
        ScalarType.Float64 => "F64",
        ScalarType.Int64 => "I64",
        _ => throw new WeightsFormatException($"The tensor '{name}' has the type {type}, which is not written."),
    };
}
