using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Functions.Protocol;
using CtSeg.Recovery;
using CtSeg.Telemetry;

namespace CtSeg.Functions;

/// <summary>The host gave a slice or a corrected mask up, which share one poison queue: fail the scan and say so, or refuse the mask and keep a letter about it.</summary>
internal sealed partial class RecordPoisonedSliceTrigger(
    PoisonedSlices poisoned, LostCorrections corrections, TimeProvider clock, ILogger<RecordPoisonedSliceTrigger> logger)
{
    public const string Name = "RecordPoisonedSlice";
    public const string MessageBinding = "message";
    public const string EndedBinding = "ended";

    public async Task<Answer> RunAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var invocation = await Invocation.ReadAsync(request.Body, cancellationToken);
        var text = invocation.MessageOf(MessageBinding);
        var message = PoisonMessage.TryParse(text) ?? throw new InvalidInvocationException("The poison message does not name a function, a container and a blob.");
        if (message.IsOf(AcceptCorrectionTrigger.Name, Containers.Corrections))
            return await RecordCorrectionAsync(
                message.BlobName, message.ETag, new DeadLetter(text) { Queue = StorageQueues.PoisonedSlices }, cancellationToken);
        if (message.IsOf(PreprocessSliceTrigger.Name, Containers.Slices))
            return await RecordSliceAsync(message.BlobName, message.ETag, TraceContext.Of(request), cancellationToken);
        LogForeign();
        return new Answer().Log("the message is about another function's blob");
    }

    /// <param name="blobName">Path inside <see cref="Containers.Slices"/>.</param>
    /// <param name="etag">Of the version that was given up, with or without quotes; null when unknown.</param>
    /// <param name="traceParent">Of the invocation, where the status does not tell the scan's own.</param>
    public async Task<Answer> RecordSliceAsync(string blobName, string? etag, string? traceParent, CancellationToken cancellationToken)
    {
        var outcome = await poisoned.RecordAsync(blobName, etag, cancellationToken);
        if (outcome.ScanId is not { } scan)
        {
            LogGone();
            return new Answer().Log("the poisoned blob is gone or replaced");
        }
        Spans.Current.IsOf(scan);
        if (outcome.Failed is not { Failure: { } failure } failed)
        {
            LogLeft(scan);
            return new Answer().Log($"scan {scan}: left as it is");
        }
        LogFailed(scan, failure.Reason);
        using var span = ScanSpans.StartGiveUp(failed, Spans.Current);
        span.Ended(failed.State);
        var answer = EndedEvents.AddTo(
            new Answer(), EndedBinding, failed, metrics: null, EventSource.Of(Name), clock.GetUtcNow().UtcDateTime, failed.TraceParent ?? traceParent);
        return answer.Log($"scan {scan}: failed, {failure.Reason}");
    }

    /// <param name="blobName">Path inside <see cref="Containers.Corrections"/>.</param>
    /// <param name="etag">Of the version that was given up, with or without quotes; null when unknown.</param>
    /// <param name="letter">What told of it, for the archive.</param>
    public async Task<Answer> RecordCorrectionAsync(string blobName, string? etag, DeadLetter letter, CancellationToken cancellationToken)
    {
        var result = await corrections.RecordAsync(blobName, etag, letter, cancellationToken);
        if (result.Outcome is not { Refusal: { } refusal } outcome)
        {
            LogCorrectionLeft();
            return new Answer().Log("the poisoned correction is gone, replaced or judged already");
        }
        LogCorrectionRefused(outcome.ScanId, refusal.Reason);
        return new Answer().Log($"scan {outcome.ScanId}: correction refused, {refusal.Reason}");
    }

    [LoggerMessage(210, LogLevel.Warning, "Scan {Scan} failed: {Reason}")]
    private partial void LogFailed(ScanId scan, FailureReason reason);

    [LoggerMessage(211, LogLevel.Information, "Poisoned scan {Scan} had moved on; left as it is")]
    private partial void LogLeft(ScanId scan);

    [LoggerMessage(212, LogLevel.Warning, "A poisoned blob is gone or was replaced; there is nothing to record")]
    private partial void LogGone();

    [LoggerMessage(213, LogLevel.Warning, "A poison message is about another function or container")]
    private partial void LogForeign();

    [LoggerMessage(214, LogLevel.Error, "The corrected mask of scan {Scan} was given up: {Reason}")]
    private partial void LogCorrectionRefused(ScanId scan, CorrectionReason reason);

    [LoggerMessage(215, LogLevel.Information, "A poisoned correction is gone, replaced or judged already; there is nothing to record")]
    private partial void LogCorrectionLeft();
}
