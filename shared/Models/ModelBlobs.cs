using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Scans;

namespace CtSeg.Models;

/// <summary>Conditional reads and writes of blobs about models.</summary>
internal static class ModelBlobs
{
    /// <returns>Null where there is none.</returns>
    public static async Task<(BinaryData Content, ETag ETag)?> FindAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await blob.DownloadContentAsync(cancellationToken);
            return (answer.Value.Content, answer.Value.Details.ETag);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return null;
        }
    }

    /// <returns>The new ETag; null where the condition does not hold.</returns>
    public static async Task<ETag?> TryWriteAsync(
        BlobClient blob, BinaryData content, BlobRequestConditions conditions, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Conditions = conditions,
            HttpHeaders = new BlobHttpHeaders { ContentType = ContentTypeOf(blob.Name) },
        };
        try
        {
            return (await blob.UploadAsync(content, options, cancellationToken)).Value.ETag;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
        {
            return null;
        }
    }

    public static Task<ETag?> TryCreateAsync(BlobClient blob, BinaryData content, CancellationToken cancellationToken) =>
        TryWriteAsync(blob, content, new BlobRequestConditions { IfNoneMatch = ETag.All }, cancellationToken);

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
        ".json" => "application/json",
        ".html" => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    };
}
