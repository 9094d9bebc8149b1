using System.Diagnostics;

namespace CtSeg.Telemetry;

/// <summary>Begins the spans of this system. Each is null, and costs nothing, while nobody listens.</summary>
public static class Spans
{
    public const string Create = "create";
    public const string Send = "send";
    private const string Process = "process";
    private const string ServiceBus = "servicebus";

    public static ActivitySource Source { get; } = new(TelemetryNames.Source);

    /// <value>The span of this system that is under way; null where there is none.</value>
    public static Activity? Current => Activity.Current is { } current && current.Source == Source ? current : null;

    /// <summary>
    /// A span under a trace context that came from elsewhere, or a root where there is none. Never under the current activity: that is the web server's
    /// or the HTTP client's own, which is not exported.
    /// </summary>
    /// <param name="traceParent">W3C; what cannot be read counts as none.</param>
    /// <param name="start">UTC; null for now.</param>
    /// <param name="linked">A span of another trace that this one belongs to as well.</param>
    public static Activity? StartUnder(string? traceParent, string name, ActivityKind kind, DateTime? start = null, Activity? linked = null)
    {
        if (!Source.HasListeners())
            return null;
        Activity.Current = null;
        if (!ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out var parent))
            parent = default;
        return Source.StartActivity(name, kind, parent, links: linked is null ? null : [new ActivityLink(linked.Context)], startTime: start ?? default(DateTimeOffset));
    }

    /// <summary>The work on one delivery of a message.</summary>
    /// <param name="id">The event's own id.</param>
    /// <param name="start">UTC; null for now.</param>
    public static Activity? StartProcess(string queue, string id, string? traceParent, DateTime? start = null)
    {
        if (!Source.HasListeners())
            return null;
        return Describe(StartUnder(traceParent, $"{Process} {queue}", ActivityKind.Consumer, start), Process, queue, id);
    }

    /// <summary>The making of one message under the current span. <see cref="Activity.Id"/> is the message's <c>traceparent</c>.</summary>
    /// <param name="operation"><see cref="Create"/> where another sends it, else <see cref="Send"/>.</param>
    /// <param name="id">The event's own id.</param>
    public static Activity? StartMessage(string operation, string queue, string id) => Source.HasListeners()
        ? Describe(Source.StartActivity($"{operation} {queue}", ActivityKind.Producer), operation, queue, id)
        : null;

    /// <summary>Marks what did not end well: by the fault's type, since its text may quote the name of a blob.</summary>
    public static void Fail(this Activity? activity, Exception fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        activity.Fail(fault.GetType().FullName ?? nameof(Exception));
    }

    /// <param name="errorType">A code or the name of a type.</param>
    public static void Fail(this Activity? activity, string errorType)
    {
        if (activity is null)
            return;
        activity.SetStatus(ActivityStatusCode.Error);
        activity.SetTag(TelemetryAttributes.ErrorType, errorType);
    }

    private static Activity? Describe(Activity? activity, string operation, string queue, string id)
    {
        if (activity is not { IsAllDataRequested: true })
            return activity;
        return activity
            .SetTag(TelemetryAttributes.MessagingSystem, ServiceBus)
            .SetTag(TelemetryAttributes.Destination, queue)
            .SetTag(TelemetryAttributes.OperationName, operation)
            .SetTag(TelemetryAttributes.OperationType, operation)
            .SetTag(TelemetryAttributes.MessageId, id);
    }
}
