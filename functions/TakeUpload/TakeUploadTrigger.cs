using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.Intake;
using CtSeg.Scans;

namespace CtSeg.Functions;

/// <summary>
/// A message tells of an upload, where no webhook can: in a private network, or from a system that fills the queue itself. The blob is read from storage
/// and then treated as those that the blob triggers bring.
/// </summary>
internal sealed partial class TakeUploadTrigger(
    ScanBlobs blobs, long maxUploadBytes, PreprocessSliceTrigger slices, AcceptCorrectionTrigger corrections, RecordPoisonedSliceTrigger poisoned,
    ILogger<TakeUploadTrigger> logger)
{
    public const string Name = "TakeUpload";
    public const string UploadBinding = "upload";

    public async Task<Answer> RunAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var invocation = await Invocation.ReadAsync(request.Body, cancellationToken);
        var upload = UploadEvent.TryParse(invocation.MessageOf(UploadBinding)) ?? throw new InvalidInvocationException(UploadEvent.Expected);
        return upload.Container == Containers.Corrections
            ? await corrections.AcceptAsync(upload.BlobName, cancellationToken)
            : await TakeSliceAsync(upload, TraceContext.Of(request), cancellationToken);
    }

    private async Task<Answer> TakeSliceAsync(UploadEvent upload, string? traceParent, CancellationToken cancellationToken)
    {
        if (await blobs.FindUploadAsync(upload.BlobName, maxUploadBytes, cancellationToken) is not var (etag, content))
        {
            LogGone();
            return new Answer().Log("the upload is gone");
        }
        return content is null
            ? await poisoned.RecordSliceAsync(upload.BlobName, etag.ToString(), traceParent, cancellationToken)
            : await slices.AcceptAsync(upload.BlobName, content.ToMemory(), traceParent, cancellationToken);
    }

    [LoggerMessage(203, LogLevel.Information, "An upload that was told of is gone; there is nothing to take in")]
    private partial void LogGone();
}
