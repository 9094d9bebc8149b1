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

    /// <returns>Writes the event, which is part of the trace that is current now, as a JSON object.</returns>
    public static Action<Utf8JsonWriter> Writer(ScanStatus ended, ScanMetrics? metrics, string source, DateTime time, string? traceParent)
    {
        if (metrics is null)
        {
            var failed = Failed(ended, source, time, traceParent);
            return json => JsonSerializer.Serialize(json, failed, ContractsJson.Default.CloudEventSegmentationFailed);
        }
        var completed = Completed(metrics, source, time, traceParent);
        return json => JsonSerializer.Serialize(json, completed, ContractsJson.Default.CloudEventSegmentationCompleted);
    }

    private static CloudEvent<SegmentationFailed> Failed(ScanStatus ended, string source, DateTime time, string? traceParent) =>
        ScanEvents.Failed(ended.ScanId, ended.Attempt, ended.BlobName, ended.Failure!, source, time, traceParent).Created(Queues.SegmentationCompleted);

    private static CloudEvent<SegmentationCompleted> Completed(ScanMetrics metrics, string source, DateTime time, string? traceParent) =>
        ScanEvents.Completed(metrics, source, time, traceParent).Created(Queues.SegmentationCompleted);
}
