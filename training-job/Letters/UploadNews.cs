using System.Text.Json;
using CtSeg.Contracts;

namespace CtSeg.TrainingJob.Letters;

/// <summary>Which uploads a dead letter is about: names of blobs, which belong into no log and no listing.</summary>
internal sealed record UploadNews(IReadOnlyList<(string Container, string BlobName, string? ETag)> Uploads)
{
    private const string SubjectStart = "/blobServices/default/containers/";
    private const string SubjectMiddle = "/blobs/";
    private static readonly UploadNews None = new([]);

    /// <summary>As the Functions host writes it into the poison queue of blob triggers.</summary>
    /// <param name="function">That gave the upload up; null where the message is none.</param>
    public static UploadNews OfPoisonMessage(BinaryData message, out string? function)
    {
        function = null;
        if (Read(message) is not { } json || json.ValueKind != JsonValueKind.Object)
            return None;
        function = Text(json, "FunctionId")?.Split('.')[^1];
        return Known(Text(json, "ContainerName"), Text(json, "BlobName"), Text(json, "ETag"));
    }

    /// <summary>As Event Grid writes it into its dead-letter container: an array of events, in its own schema or as CloudEvents.</summary>
    /// <param name="cause">Reason and outcome of the last delivery.</param>
    /// <param name="deliveries">Of the first event.</param>
    public static UploadNews OfUndelivered(BinaryData blob, out string? cause, out int deliveries)
    {
        (cause, deliveries) = (null, 0);
        if (Read(blob) is not { ValueKind: JsonValueKind.Array } events || events.GetArrayLength() == 0)
            return None;
        var first = events[0];
        cause = $"{Text(first, "deadLetterReason")} {Text(first, "lastDeliveryOutcome")}";
        deliveries = Find(first, "deliveryAttempts") is { ValueKind: JsonValueKind.Number } attempts && attempts.TryGetInt32(out var number) ? number : 0;
        var all = events.EnumerateArray().Select(OfEvent).ToList();
        return all.All(one => one.Uploads.Count == 1) ? new UploadNews([.. all.SelectMany(one => one.Uploads)]) : None;
    }

    private static UploadNews OfEvent(JsonElement one)
    {
        if (Text(one, "subject") is not { } subject || !subject.StartsWith(SubjectStart, StringComparison.Ordinal))
            return None;
        var path = subject[SubjectStart.Length..];
        var at = path.IndexOf(SubjectMiddle, StringComparison.Ordinal);
        var etag = Find(one, "data") is { } data ? Text(data, "eTag") : null;
        return at < 0 ? None : Known(path[..at], path[(at + SubjectMiddle.Length)..], etag);
    }

    private static UploadNews Known(string? container, string? blobName, string? etag) =>
        container is Containers.Slices or Containers.Corrections && blobName is { Length: > 0 } ? new UploadNews([(container, blobName, etag)]) : None;

    private static JsonElement? Read(BinaryData text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement parent, string name) =>
        Find(parent, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    // Of a CloudEvent, what Event Grid adds is written in small letters.
    private static JsonElement? Find(JsonElement parent, string name) => parent.ValueKind != JsonValueKind.Object
        ? null
        : parent.EnumerateObject().Where(property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(property => (JsonElement?)property.Value).FirstOrDefault();
}
