using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.Intake;
using CtSeg.Recovery;

namespace CtSeg.Functions;

/// <summary>
/// Service Bus gave up the news of an upload. Of a slice the scan fails and that is said; of a corrected mask the outcome says so. The reason goes into the
/// log, and for a mask and for what nobody can read into the archive, with the letter.
/// </summary>
internal sealed partial class RecordLostUploadTrigger(RecordPoisonedSliceTrigger poisoned, DeadLetters deadLetters, ILogger<RecordLostUploadTrigger> logger)
{
    public const string Name = "RecordLostUpload";
    public const string UploadBinding = "upload";

    public async Task<Answer> RunAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var invocation = await Invocation.ReadAsync(request.Body, cancellationToken);
        var letter = RecordDeadLettersTrigger.LetterOf(invocation, UploadBinding) with { Queue = Queues.UploadEvents };
        if (UploadEvent.TryParse(letter.Body) is { } upload)
        {
            LogLost(letter.Deliveries, letter.Reason);
            return upload.Container == Containers.Corrections
                ? await poisoned.RecordCorrectionAsync(upload.BlobName, upload.ETag, letter, cancellationToken)
                : await poisoned.RecordSliceAsync(upload.BlobName, upload.ETag, TraceContext.Of(request), cancellationToken);
        }
        // A dead-letter queue delivers again without end: what nobody can read is kept elsewhere.
        await deadLetters.RecordAsync(letter, cancellationToken);
        LogForeign(letter.SequenceNumber);
        return new Answer().Log("the dead letter tells of no upload; it is archived");
    }

    [LoggerMessage(224, LogLevel.Warning, "Dead letter {SequenceNumber} tells of no upload; archived only")]
    private partial void LogForeign(string? sequenceNumber);

    [LoggerMessage(225, LogLevel.Warning, "The news of an upload was given up after {Deliveries} deliveries: {Reason}")]
    private partial void LogLost(int deliveries, string? reason);
}
