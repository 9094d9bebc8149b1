using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Functions.Protocol;

namespace CtSeg.Functions;

/// <summary>What Event Grid tells of an uploaded slice or corrected mask, in its own schema or as a CloudEvent.</summary>
/// <param name="BlobName">Path inside the container.</param>
/// <param name="ETag">Of the version that was created; null where it is not told.</param>
internal sealed record UploadEvent(string Container, string BlobName, string? ETag)
{
    private const string BlobCreated = "Microsoft.Storage.BlobCreated";

    /// <exception cref="InvalidInvocationException">Not such an event.</exception>
    public static UploadEvent Parse(string json)
    {
        try
        {
            var told = JsonSerializer.Deserialize(json, UploadJson.Default.Envelope);
            if ((told?.Type ?? told?.EventType) == BlobCreated && Uri.TryCreate(told!.Data?.Url, UriKind.Absolute, out var address)
                && new BlobUriBuilder(address) is { BlobContainerName: Containers.Slices or Containers.Corrections, BlobName.Length: > 0 } blob)
                return new UploadEvent(blob.BlobContainerName, blob.BlobName, told.Data!.ETag);
        }
        catch (JsonException)
        {
            // Said below.
        }
        throw new InvalidInvocationException($"The message is no event of the type {BlobCreated} with the URL of a blob in {Containers.Slices} or {Containers.Corrections}.");
    }

    /// <param name="EventType">In Event Grid's own schema.</param>
    /// <param name="Type">In CloudEvents.</param>
    internal sealed record Envelope(string? EventType, string? Type, Blob? Data);

    internal sealed record Blob(string? Url, [property: JsonPropertyName("eTag")] string? ETag);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(UploadEvent.Envelope))]
internal sealed partial class UploadJson : JsonSerializerContext;
