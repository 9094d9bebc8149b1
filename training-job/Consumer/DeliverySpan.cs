using System.Diagnostics;
using CtSeg.Contracts;
using CtSeg.ServiceBus;
using CtSeg.Telemetry;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>The span of the work on one delivery: a child of the trace context in the message, as is that of every other delivery of it.</summary>
internal static class DeliverySpan
{
    private const string Retry = "retry";

    public static Activity? Start<T>(string queue, CloudEvent<T> request, ReceivedMessage message)
    {
        var span = Spans.StartProcess(queue, request.Id, request.TraceParent);
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag(TelemetryAttributes.DeliveryCount, message.DeliveryCount);
            span.SetTag(TelemetryAttributes.EnqueuedTime, message.EnqueuedTime.ToUnixTimeSeconds());
        }
        return span;
    }

    /// <summary>The work begins anew in place, while the message is held.</summary>
    public static void TriedAgain(this Activity? span, string errorType) =>
        span?.AddEvent(new ActivityEvent(Retry, tags: new ActivityTagsCollection { [TelemetryAttributes.ErrorType] = errorType }));

    public static void Settled(this Activity? span, Settlement settlement)
    {
        if (DispositionOf(settlement) is { } disposition)
            span?.SetTag(TelemetryAttributes.Disposition, disposition);
    }

    /// <returns>Null where the message is not ours to settle.</returns>
    private static string? DispositionOf(Settlement settlement) => settlement switch
    {
        Settlement.Complete => "complete",
        Settlement.DeadLetter => "dead_letter",
        Settlement.Leave => null,
        _ => "abandon",
    };
}
