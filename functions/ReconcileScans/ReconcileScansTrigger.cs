using System.Diagnostics;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.Recovery;
using CtSeg.Telemetry;

namespace CtSeg.Functions;

/// <summary>From time to time: ask again for scans that wait too long.</summary>
internal sealed partial class ReconcileScansTrigger(
    ScanReconciler reconciler, TimeProvider clock, ILogger<ReconcileScansTrigger> logger)
{
    public const string Name = "ReconcileScans";
    public const string TimerBinding = "timer";
    public const string RequestsBinding = "requests";
    public const string EndedBinding = "ended";

    public async Task<Answer> RunAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using (var invocation = await Invocation.ReadAsync(request.Body, cancellationToken))
            invocation.Require(TimerBinding);
        var outcome = await reconciler.ReconcileAsync(cancellationToken);
        Meters.OldestWaits(outcome.OldestWait);
        if (outcome.Interruption is { } fault)
            LogInterrupted(fault.Status, fault.ErrorCode);
        if (outcome.IsOutOfTime)
            LogOutOfTime();
        foreach (var scan in outcome.Skipped)
            LogSkipped(scan);
        var (again, givenUp, completed) = (outcome.AskAgain.Count, outcome.GivenUp.Count, outcome.Completed.Count);
        if (again + givenUp + completed > 0)
            LogReconciled(again, givenUp, completed);
        var (current, source, now) = (Spans.Current, EventSource.Of(Name), clock.GetUtcNow().UtcDateTime);
        return new Answer()
            .OutputAll(RequestsBinding, [.. outcome.AskAgain.Select(status => Request(status, current, source, now))])
            .OutputAll(EndedBinding, [
                .. outcome.GivenUp.Select(status => Ended(status, null, current, source, now)),
                .. outcome.Completed.Select(scan => Ended(scan.Status, scan.Metrics, current, source, now))])
            .Log($"asked again for {again}, gave up {givenUp}, completed {completed}");
    }

    private static Action<Utf8JsonWriter> Request(ScanStatus status, Activity? invocation, string source, DateTime time)
    {
        using var span = ScanSpans.StartReconcile(status, invocation);
        var request = ScanEvents.Requested(status.ScanId, status.Attempt, source, time, status.TraceParent).Created(Queues.SegmentationRequests);
        return json => JsonSerializer.Serialize(json, request, ContractsJson.Default.CloudEventSegmentationRequested);
    }

    private static Action<Utf8JsonWriter> Ended(ScanStatus status, ScanMetrics? metrics, Activity? invocation, string source, DateTime time)
    {
        using var span = ScanSpans.StartReconcile(status, invocation);
        span.Ended(status.State);
        return EndedEvents.Writer(status, metrics, source, time, status.TraceParent);
    }

    [LoggerMessage(230, LogLevel.Warning, "Scans overdue: {Again} asked for again, {GivenUp} given up, {Completed} found completed")]
    private partial void LogReconciled(int again, int givenUp, int completed);

    [LoggerMessage(231, LogLevel.Error, "Reconciliation ended early: storage answered {Status} {ErrorCode}; the next run goes on")]
    private partial void LogInterrupted(int status, string? errorCode);

    [LoggerMessage(233, LogLevel.Warning, "Reconciliation ended early, before its time was up; the next run goes on")]
    private partial void LogOutOfTime();

    [LoggerMessage(232, LogLevel.Error, "Scan {Scan} is overdue and left as it is: its documents cannot be read or written")]
    private partial void LogSkipped(ScanId scan);
}
