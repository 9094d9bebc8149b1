using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.Intake;
using CtSeg.Telemetry;

namespace CtSeg.Functions;

/// <summary>A slice was uploaded: preprocess it and ask for its segmentation.</summary>
internal sealed partial class PreprocessSliceTrigger(
    SliceIntake intake, long maxUploadBytes, TimeProvider clock, ILogger<PreprocessSliceTrigger> logger)
{
    public const string Name = "PreprocessSlice";
    public const string SliceBinding = "slice";
    public const string RequestBinding = "request";

    public async Task<Answer> RunAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var invocation = await BlobInvocation.ReadAsync(
            request.Body, request.ContentLength, SliceBinding, Containers.Slices, cancellationToken);
        // Above the cap the ETag stands for the content, and only the poison queue's function learns it.
        if (invocation.Content.Length > maxUploadBytes)
            throw new BadHttpRequestException($"The slice is larger than {maxUploadBytes} bytes.", StatusCodes.Status413PayloadTooLarge);
        return await AcceptAsync(invocation.BlobName, invocation.Content, TraceContext.Of(request), cancellationToken);
    }

    /// <param name="content">The uploaded bytes, not kept.</param>
    public async Task<Answer> AcceptAsync(string blobName, ReadOnlyMemory<byte> content, string? traceParent, CancellationToken cancellationToken)
    {
        var outcome = await intake.AcceptAsync(blobName, content, cancellationToken, Spans.Current?.Id ?? traceParent);
        var (scan, attempt) = (outcome.Status.ScanId, outcome.Status.Attempt);
        Spans.Current.IsOf(scan);
        if (outcome.Rejected is not null)
            Spans.Current.Ended(outcome.Status.State);
        if (outcome.IsErased)
        {
            LogErased(scan);
            return new Answer().Log($"scan {scan}: erased while it was taken in");
        }
        if (outcome.Rejected is { } reason)
            LogRejected(scan, reason);
        if (!outcome.IsToBeRequested)
            return new Answer().Log($"scan {scan}: {outcome.Status.State}, nothing to ask for");
        LogRequested(scan, attempt);
        var message = ScanEvents.Requested(scan, attempt, EventSource.Of(Name), clock.GetUtcNow().UtcDateTime, traceParent)
            .Created(Queues.SegmentationRequests);
        return new Answer()
            .Output(RequestBinding, message, ContractsJson.Default.CloudEventSegmentationRequested)
            .Log($"scan {scan}: preprocessed, attempt {attempt}");
    }

    [LoggerMessage(200, LogLevel.Information, "Scan {Scan} is preprocessed and asked for, attempt {Attempt}")]
    private partial void LogRequested(ScanId scan, int attempt);

    [LoggerMessage(201, LogLevel.Warning, "Scan {Scan} is rejected: {Reason}")]
    private partial void LogRejected(ScanId scan, FailureReason reason);

    [LoggerMessage(202, LogLevel.Information, "Scan {Scan} was erased while it was taken in; nothing of it is left")]
    private partial void LogErased(ScanId scan);
}
