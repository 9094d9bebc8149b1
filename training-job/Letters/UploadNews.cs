using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Intake;
using CtSeg.Recovery;

namespace CtSeg.TrainingJob.Letters;

/// <summary>Which uploads a dead letter is about: names of blobs, which belong into no log and no listing.</summary>
internal sealed record UploadNews(IReadOnlyList<UploadEvent> Uploads)
{
    private static readonly UploadNews None = new([]);

    /// <summary>As the Functions host writes it into the poison queue of blob triggers.</summary>
    /// <param name="function">That gave the upload up; null where the message is none.</param>
    public static UploadNews OfPoisonMessage(BinaryData message, out string? function)
    {
        var read = PoisonMessage.TryParse(message.ToString());
        function = read?.Function;
        return read is { ContainerName: Containers.Slices or Containers.Corrections, BlobName.Length: > 0 }
            ? new UploadNews([new UploadEvent(read.ContainerName, read.BlobName, read.ETag)]) : None;
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
        var uploads = events.EnumerateArray().Select(UploadEvent.TryRead).ToList();
        return uploads.Contains(null) ? None : new UploadNews([.. uploads.OfType<UploadEvent>()]);
    }

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
