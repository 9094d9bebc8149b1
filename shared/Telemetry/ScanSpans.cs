using System.Diagnostics;
using CtSeg.Contracts;

namespace CtSeg.Telemetry;

/// <summary>What spans say of scans, and the spans of events about them.</summary>
public static class ScanSpans
{
    private const string Reconcile = "reconcile";
    private const string GiveUp = "give up";

    /// <summary>The work is on this scan.</summary>
    public static void IsOf(this Activity? span, ScanId scan)
    {
        if (span is { IsAllDataRequested: true })
            span.SetTag(TelemetryAttributes.ScanId, scan.ToString());
    }

    /// <summary>This work ended the scan.</summary>
    public static void Ended(this Activity? span, ScanState state)
    {
        if (span is { IsAllDataRequested: true })
            span.SetTag(TelemetryAttributes.ScanState, Meters.NameOf(state));
    }

    /// <summary>Reconciliation moves one scan on.</summary>
    /// <param name="invocation">It is about many scans.</param>
    /// <inheritdoc cref="StartIn"/>
    public static Activity? StartReconcile(ScanStatus status, Activity? invocation) => StartIn(status, Reconcile, invocation);

    /// <summary>A scan ends since its preprocessing was given up.</summary>
    /// <param name="invocation">It may have a trace of its own, which the host began.</param>
    /// <inheritdoc cref="StartIn"/>
    public static Activity? StartGiveUp(ScanStatus status, Activity? invocation) => StartIn(status, GiveUp, invocation);

    /// <summary>The sending of an event, under the current span. Send it with <see cref="Under{T}"/>.</summary>
    public static Activity? StartSend<T>(string queue, CloudEvent<T> told)
    {
        ArgumentNullException.ThrowIfNull(told);
        return Start(Spans.Send, queue, told);
    }

    /// <summary>The event as part of the trace of the span that sends it; as it is where there is none.</summary>
    public static CloudEvent<T> Under<T>(this CloudEvent<T> told, Activity? span) => span is null ? told : told with { TraceParent = span.Id };

    /// <summary>An event that the host sends once the function has ended, as part of the current trace.</summary>
    public static CloudEvent<T> Created<T>(this CloudEvent<T> told, string queue)
    {
        ArgumentNullException.ThrowIfNull(told);
        using var span = Start(Spans.Create, queue, told);
        return told.Under(span);
    }

    /// <remarks>In the trace of the scan, which the invocation is linked with. Under the invocation itself where the status does not tell a trace.</remarks>
    private static Activity? StartIn(ScanStatus status, string name, Activity? invocation)
    {
        ArgumentNullException.ThrowIfNull(status);
        var span = Spans.StartUnder(status.TraceParent ?? invocation?.Id, name, ActivityKind.Internal, linked: status.TraceParent is null ? null : invocation);
        span.IsOf(status.ScanId);
        return span;
    }

    private static Activity? Start<T>(string operation, string queue, CloudEvent<T> told)
    {
        var span = Spans.StartMessage(operation, queue, told.Id);
        return queue switch
        {
            Queues.SegmentationRequests or Queues.SegmentationCompleted => span?.SetTag(TelemetryAttributes.ScanId, told.Subject),
            Queues.TrainingRequests => span?.SetTag(TelemetryAttributes.RunId, told.Subject),
            _ => span,
        };
    }
}
