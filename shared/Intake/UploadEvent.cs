using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Storage.Blobs;
using CtSeg.Contracts;

namespace CtSeg.Intake;

/// <summary>What Event Grid tells of an uploaded slice or corrected mask, in its own schema or as a CloudEvent.</summary>
/// <param name="BlobName">Path inside the container.</param>
/// <param name="ETag">Of the version that was created; null where it is not told.</param>
public sealed record UploadEvent(string Container, string BlobName, string? ETag)
{
    private const string BlobCreated = "Microsoft.Storage.BlobCreated";

    /// <value>One sentence about what is none.</value>
    public static string Expected { get; } =
        $"The message is no event of the type {BlobCreated} with the URL of a blob in {Containers.Slices} or {Containers.Corrections}.";

    /// <returns>Null where it is no such event.</returns>
    public static UploadEvent? TryParse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return TryRead(document.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The same for one of several.</summary>
    public static UploadEvent? TryRead(JsonElement json)
    {
        try
        {
            var told = json.Deserialize(UploadJson.Default.Envelope);
            return (told?.Type ?? told?.EventType) == BlobCreated && Uri.TryCreate(told!.Data?.Url, UriKind.Absolute, out var address)
                && new BlobUriBuilder(address) is { BlobContainerName: Containers.Slices or Containers.Corrections, BlobName.Length: > 0 } blob
                ? new UploadEvent(blob.BlobContainerName, blob.BlobName, told.Data!.ETag) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <param name="EventType">In Event Grid's own schema.</param>
    /// <param name="Type">In CloudEvents.</param>
    internal sealed record Envelope(string? EventType, string? Type, Blob? Data);

    internal sealed record Blob(string? Url, [property: JsonPropertyName("eTag")] string? ETag);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(UploadEvent.Envelope))]
internal sealed partial class UploadJson : JsonSerializerContext;
