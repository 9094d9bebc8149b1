using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.Telemetry;

namespace CtSeg.Functions;

/// <summary>The event about a scan that ended: failed, or completed by a result that nobody had announced.</summary>
internal static class EndedEvents
{
    public static Answer AddTo(
        Answer answer, string binding, ScanStatus ended, ScanMetrics? metrics, string source, DateTime time, string? traceParent) =>
        metrics is null
            ? answer.Output(binding, Failed(ended, source, time, traceParent), ContractsJson.Default.CloudEventSegmentationFailed)
            : answer.Output(binding, Completed(metrics, source, time, traceParent), ContractsJson.Default.CloudEventSegmentationCompleted);

    /// <summary>Writes the event as a JSON object.</summary>
    public static Action<Utf8JsonWriter> Writer(ScanStatus ended, ScanMetrics? metrics, string source, DateTime time) => json =>
    {
        if (metrics is null)
            JsonSerializer.Serialize(json, Failed(ended, source, time, null), ContractsJson.Default.CloudEventSegmentationFailed);
        else
            JsonSerializer.Serialize(json, Completed(metrics, source, time, null), ContractsJson.Default.CloudEventSegmentationCompleted);
    };

    private static CloudEvent<SegmentationFailed> Failed(ScanStatus ended, string source, DateTime time, string? traceParent) =>
        ScanEvents.Failed(ended.ScanId, ended.Attempt, ended.BlobName, ended.Failure!, source, time, traceParent).Created(Queues.SegmentationCompleted);

    private static CloudEvent<SegmentationCompleted> Completed(ScanMetrics metrics, string source, DateTime time, string? traceParent) =>
        ScanEvents.Completed(metrics, source, time, traceParent).Created(Queues.SegmentationCompleted);
}
