using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.Intake;
using CtSeg.Recovery;

namespace CtSeg.Functions;

/// <summary>Service Bus gave up the news of an upload: record why and, of a slice, say so.</summary>
internal sealed partial class RecordLostUploadTrigger(RecordPoisonedSliceTrigger poisoned, DeadLetters deadLetters, ILogger<RecordLostUploadTrigger> logger)
{
    public const string Name = "RecordLostUpload";
    public const string UploadBinding = "upload";

    public async Task<Answer> RunAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var invocation = await Invocation.ReadAsync(request.Body, cancellationToken);
        var letter = RecordDeadLettersTrigger.LetterOf(invocation, UploadBinding) with { Queue = Queues.UploadEvents };
        if (UploadEvent.TryParse(letter.Body) is { } upload)
            return await poisoned.RecordAsync(upload.Container, upload.BlobName, upload.ETag, TraceContext.Of(request), cancellationToken);
        // A dead-letter queue delivers again without end: what nobody can read is kept elsewhere.
        await deadLetters.RecordAsync(letter, cancellationToken);
        LogForeign(letter.SequenceNumber);
        return new Answer().Log("the dead letter tells of no upload; it is archived");
    }

    [LoggerMessage(224, LogLevel.Warning, "Dead letter {SequenceNumber} tells of no upload; archived only")]
    private partial void LogForeign(string? sequenceNumber);
}
