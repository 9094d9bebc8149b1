using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Storage.Blobs;
using CtSeg.Scans;

namespace CtSeg.Models;

/// <summary>Conditional reads and writes of blobs about models.</summary>
internal static class ModelBlobs
{
    /// <returns>Null where there is none.</returns>
    public static Task<(BinaryData Content, ETag ETag)?> FindAsync(BlobClient blob, CancellationToken cancellationToken) => ConditionalBlob.FindAsync(blob, cancellationToken);

    /// <param name="replaces">ETag of what is replaced; null where nothing may be there.</param>
    /// <returns>The new ETag; null where another was first.</returns>
    public static async Task<ETag?> TryWriteAsync(BlobClient blob, BinaryData content, ETag? replaces, CancellationToken cancellationToken) =>
        (await ConditionalBlob.TryWriteAsync(blob, content, replaces, cancellationToken, ContentTypeOf(blob.Name)))?.ETag;

    public static Task<ETag?> TryCreateAsync(BlobClient blob, BinaryData content, CancellationToken cancellationToken) =>
        TryWriteAsync(blob, content, replaces: null, cancellationToken);

    /// <exception cref="DamagedModelException">It is no such document.</exception>
    public static T Parse<T>(BlobClient blob, BinaryData content, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(content.ToMemory().Span, type)
                ?? throw new DamagedModelException($"{NameOf(blob)} is empty.");
        }
        catch (JsonException e)
        {
            throw new DamagedModelException($"{NameOf(blob)} cannot be read: {e.Message}", e);
        }
    }

    public static BinaryData ToJson<T>(T document, JsonTypeInfo<T> type) => new(JsonSerializer.SerializeToUtf8Bytes(document, type));

    public static string HashOf(BinaryData content) => Convert.ToHexStringLower(SHA256.HashData(content.ToMemory().Span));

    public static bool AreEqual(BinaryData one, BinaryData other) => one.ToMemory().Span.SequenceEqual(other.ToMemory().Span);

    public static string NameOf(BlobClient blob) => $"{blob.BlobContainerName}/{blob.Name}";

    private static string ContentTypeOf(string name) => Path.GetExtension(name) switch
    {
        ".json" => ConditionalBlob.Json,
        ".html" => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    };
}
