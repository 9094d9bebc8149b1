using System.Globalization;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.Recovery;
using CtSeg.Telemetry;

namespace CtSeg.Functions;

/// <summary>Nobody could serve a segmentation request: archive it, end the scan and say so.</summary>
internal sealed partial class RecordDeadLettersTrigger(
    DeadLetters deadLetters, TimeProvider clock, ILogger<RecordDeadLettersTrigger> logger)
{
    public const string Name = "RecordDeadLetters";
    public const string MessageBinding = "msg";
    public const string EndedBinding = "ended";

    public async Task<Answer> RunAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var invocation = await Invocation.ReadAsync(request.Body, cancellationToken);
        var letter = LetterOf(invocation, MessageBinding);
        var outcome = await deadLetters.RecordAsync(letter, cancellationToken);
        if (outcome.Request is not { ScanId: var scan })
        {
            LogForeign(letter.SequenceNumber);
            return new Answer().Log("the dead letter is no segmentation request; it is archived");
        }
        // In the trace of the scan; the invocation itself is in one of its own, since the host does not know the scan's.
        using var span = Spans.StartProcess(
            Queues.DeadLettersOf(Queues.SegmentationRequests), letter.MessageId ?? ScanEvents.IdOf(scan, outcome.Request.Attempt), outcome.TraceParent, Spans.Current?.StartTimeUtc);
        span.IsOf(scan);
        if (outcome.Ended is not { } status)
        {
            if (outcome.IsUnreadable)
                LogUnreadable(scan);
            else
                LogLeft(scan);
            return new Answer().Log($"scan {scan}: archived, left as it is");
        }
        LogEnded(scan, status.State);
        span.Ended(status.State);
        var answer = new Answer().Log($"scan {scan}: {status.State}");
        return EndedEvents.AddTo(answer, EndedBinding, status, outcome.Metrics, EventSource.Of(Name), clock.GetUtcNow().UtcDateTime, outcome.TraceParent);
    }

    public static DeadLetter LetterOf(Invocation invocation, string binding) => new(invocation.MessageOf(binding))
    {
        MessageId = Scalars.Find(invocation.Metadata, "MessageId"),
        SequenceNumber = Scalars.Find(invocation.Metadata, "SequenceNumber"),
        Reason = Find(invocation.Metadata, "DeadLetterReason"),
        Description = Find(invocation.Metadata, "DeadLetterErrorDescription"),
        Deliveries = Number(Scalars.Find(invocation.Metadata, "DeliveryCount")),
        Replays = Number(Find(invocation.Metadata, MessageProperties.Replays)),
    };

    /// <summary>A property of the message, which the host tells among its metadata or among its application properties.</summary>
    private static string? Find(JsonElement metadata, string name)
    {
        if (metadata.ValueKind == JsonValueKind.Object && metadata.TryGetProperty("ApplicationProperties", out var properties)
            && properties.ValueKind == JsonValueKind.Object && properties.TryGetProperty(name, out var value)
            && value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
            return value.ToString();
        return Scalars.Find(metadata, name);
    }

    private static int Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [LoggerMessage(220, LogLevel.Warning, "Dead-lettered scan {Scan} ended as {State}")]
    private partial void LogEnded(ScanId scan, ScanState state);

    [LoggerMessage(221, LogLevel.Information, "Dead-lettered scan {Scan} had moved on; archived only")]
    private partial void LogLeft(ScanId scan);

    [LoggerMessage(222, LogLevel.Warning, "Dead letter {SequenceNumber} is no segmentation request; archived only")]
    private partial void LogForeign(string? sequenceNumber);

    [LoggerMessage(223, LogLevel.Error, "Dead-lettered scan {Scan} has a status or metrics that cannot be read; archived only")]
    private partial void LogUnreadable(ScanId scan);
}
