using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using CtSeg.Contracts;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Reads a message body as a <c>ctseg.segmentation.requested.v1</c> event and checks what later steps rely on.</summary>
internal static class SegmentationRequestReader
{
    /// <param name="request">Without a trace context that is none: that is no reason to refuse it.</param>
    /// <param name="problem">One sentence for the dead-letter queue.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> body,
        [NotNullWhen(true)] out CloudEvent<SegmentationRequested>? request,
        [NotNullWhen(false)] out string? problem)
    {
        request = null;
        try
        {
            request = JsonSerializer.Deserialize(body, ContractsJson.Default.CloudEventSegmentationRequested);
            problem = request is null ? "The body is null." : ProblemOf(request);
        }
        catch (JsonException e)
        {
            problem = $"The body is not a {EventTypes.SegmentationRequested} event ({Where(e)}).";
        }
        if (problem is null && request is not null)
            request = request with { TraceParent = TraceParents.Checked(request.TraceParent) };
        return problem is null && request is not null;
    }

    private static string? ProblemOf(CloudEvent<SegmentationRequested> request)
    {
        if (request.SpecVersion != "1.0")
            return "The body is not a CloudEvents 1.0 event.";
        if (request.Type != EventTypes.SegmentationRequested)
            return $"The event is not of type {EventTypes.SegmentationRequested}.";
        var data = request.Data;
        if (data.Attempt < 1 || request.Id != ScanEvents.IdOf(data.ScanId, data.Attempt) || request.Subject != data.ScanId.ToString())
            return "Id, subject and data of the event do not agree.";
        if (data.Image != BlobPaths.PreprocessedImage(data.ScanId) || data.Manifest != BlobPaths.Manifest(data.ScanId))
            return "The event names blobs that do not belong to its scan.";
        return null;
    }

    // The text of a JsonException may quote the body.
    private static string Where(JsonException e) =>
        e.LineNumber is { } line ? $"unreadable at line {line + 1}, byte {e.BytePositionInLine}" : "fields are missing";
}
