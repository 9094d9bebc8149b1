using System.Globalization;
using System.Text.Json.Serialization;

namespace CtSeg.Contracts;

/// <summary>
/// A CloudEvents 1.0 event in structured JSON. Bodies carry blob names, never pixels (claim check), and no date with an
/// offset: the Functions host rewrites those.
/// </summary>
/// <param name="Id"><c>{scanId}-{attempt}</c>: consumers deduplicate on it.</param>
/// <param name="Type">One of <see cref="EventTypes"/>.</param>
/// <param name="Source">Which part of the system speaks, a URI reference.</param>
/// <param name="Subject">The scan id.</param>
/// <param name="Time">UTC.</param>
/// <param name="Data">The event's own record.</param>
public sealed record CloudEvent<T>(string Id, string Type, string Source, string Subject, DateTime Time, T Data)
{
    [JsonPropertyName("specversion")]
    public string SpecVersion { get; init; } = "1.0";

    [JsonPropertyName("datacontenttype")]
    public string DataContentType { get; init; } = "application/json";

    /// <value>W3C trace context of the work that caused the event.</value>
    [JsonPropertyName("traceparent"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceParent { get; init; }
}

/// <summary>Asks the job to segment one preprocessed slice.</summary>
/// <param name="Attempt">1 for the first request; a new one for every re-request, since a repeated id is dropped by duplicate detection.</param>
/// <param name="Image">Blob in <see cref="Containers.Preprocessed"/>.</param>
/// <param name="Manifest">Blob in <see cref="Containers.Preprocessed"/>.</param>
public sealed record SegmentationRequested(ScanId ScanId, int Attempt, string Image, string Manifest);

/// <summary>A result lies in <see cref="Containers.Results"/>.</summary>
public sealed record SegmentationCompleted(
    ScanId ScanId, int Attempt, string BlobName, string Mask, string Overlay, string Metrics, string ModelVersion);

/// <summary>A scan ended without a result.</summary>
public sealed record SegmentationFailed(ScanId ScanId, int Attempt, string BlobName, ScanFailure Failure);

/// <summary>Makes events about scans.</summary>
public static class ScanEvents
{
    public static string IdOf(ScanId scan, int attempt) => $"{scan}-{attempt}";

    public static CloudEvent<SegmentationRequested> Requested(
        ScanId scan, int attempt, string source, DateTime time, string? traceParent = null) =>
        new(IdOf(scan, attempt), EventTypes.SegmentationRequested, source, scan.ToString(), time,
            new SegmentationRequested(scan, attempt, BlobPaths.PreprocessedImage(scan), BlobPaths.Manifest(scan)))
        { TraceParent = traceParent };

    /// <summary>About a whole result: id and attempt are those of the request that led to it, whoever announces it.</summary>
    public static CloudEvent<SegmentationCompleted> Completed(ScanMetrics metrics, string source, DateTime time, string? traceParent = null)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        var (scan, attempt) = (metrics.ScanId, AttemptOf(metrics));
        return new(IdOf(scan, attempt), EventTypes.SegmentationCompleted, source, scan.ToString(), time,
            new SegmentationCompleted(
                scan, attempt, metrics.BlobName, BlobPaths.Mask(scan), BlobPaths.Overlay(scan), BlobPaths.Metrics(scan), metrics.Model.Version))
        { TraceParent = traceParent };
    }

    public static CloudEvent<SegmentationFailed> Failed(
        ScanId scan, int attempt, string blobName, ScanFailure failure, string source, DateTime time, string? traceParent = null) =>
        new(IdOf(scan, attempt), EventTypes.SegmentationFailed, source, scan.ToString(), time,
            new SegmentationFailed(scan, attempt, blobName, failure))
        { TraceParent = traceParent };

    private static int AttemptOf(ScanMetrics metrics) =>
        int.TryParse(metrics.RequestId.AsSpan(metrics.RequestId.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            ? attempt : 1;
}
