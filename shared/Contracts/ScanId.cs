using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CtSeg.Contracts;

/// <summary>
/// Identity of one uploaded slice: the first 16 hexadecimal characters of SHA-256 over its blob path (UTF-8), a zero
/// byte and its content. The same upload twice is the same scan.
/// </summary>
[JsonConverter(typeof(ScanIdJsonConverter))]
public readonly record struct ScanId
{
    private const int Length = 16;
    private const int BlockLength = 64 * 1024;
    private readonly string? _value;

    private ScanId(string value) => _value = value;

    /// <param name="blobPath">Path inside the container, as uploaded.</param>
    /// <param name="content">The uploaded bytes.</param>
    public static ScanId FromContent(string blobPath, ReadOnlySpan<byte> content)
    {
        using var hash = StartWithPath(blobPath);
        hash.AppendData(content);
        return Finish(hash);
    }

    /// <summary>The same without holding the content in memory.</summary>
    public static async Task<ScanId> FromContentAsync(string blobPath, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        using var hash = StartWithPath(blobPath);
        var buffer = ArrayPool<byte>.Shared.Rent(BlockLength);
        try
        {
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken)) > 0)
                hash.AppendData(buffer, 0, read);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return Finish(hash);
    }

    /// <summary>For uploads above the size cap, whose content is not read: the ETag stands for the content.</summary>
    public static ScanId FromETag(string blobPath, string etag)
    {
        ArgumentNullException.ThrowIfNull(etag);
        using var hash = StartWithPath(blobPath);
        hash.AppendData(Encoding.UTF8.GetBytes(etag.Trim('"')));
        return Finish(hash);
    }

    /// <summary>Accepts exactly 16 lower-case hexadecimal characters: an id is part of blob names.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ScanId scanId)
    {
        var valid = text is { Length: Length } && text.All(char.IsAsciiHexDigitLower);
        scanId = valid ? new ScanId(text!) : default;
        return valid;
    }

    /// <exception cref="FormatException">Not a scan id.</exception>
    public static ScanId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"A scan id has {Length} hexadecimal characters.");

    public override string ToString() => _value ?? throw new InvalidOperationException("This scan id was never set.");

    private static IncrementalHash StartWithPath(string blobPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(blobPath);
        var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(blobPath));
        hash.AppendData([0]);
        return hash;
    }

    private static ScanId Finish(IncrementalHash hash) =>
        new(Convert.ToHexStringLower(hash.GetHashAndReset())[..Length]);
}

/// <summary>A <see cref="ScanId"/> is a string in JSON.</summary>
public sealed class ScanIdJsonConverter : JsonConverter<ScanId>
{
    public override ScanId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        ScanId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("Not a scan id.");

    public override void Write(Utf8JsonWriter writer, ScanId value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.ToString());
    }
}
