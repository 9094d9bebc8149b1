using System.Text.Json;
using CtSeg.Contracts;

namespace CtSeg.TrainingJob.Letters;

/// <summary>What can be told of a message of which nobody knows whether it is an event.</summary>
internal static class LetterEvents
{
    /// <returns>The scan that the event in a body is about; null where it is none, or about something else.</returns>
    public static ScanId? ScanOf(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var json = JsonDocument.ParseValue(ref reader);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("subject", out var subject)
                && subject.ValueKind == JsonValueKind.String && ScanId.TryParse(subject.GetString(), out var scan)
                ? scan : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
