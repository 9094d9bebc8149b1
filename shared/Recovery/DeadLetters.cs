using System.Text.Json;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.Recovery;

/// <summary>A message from a dead-letter queue.</summary>
/// <param name="Body">As it was sent, whatever it is.</param>
public sealed record DeadLetter(string Body)
{
    /// <value>That it was sent to.</value>
    public string Queue { get; init; } = Queues.SegmentationRequests;
    public string? MessageId { get; init; }
    public string? SequenceNumber { get; init; }
    /// <value>Why it was dead-lettered, where the broker says so.</value>
    public string? Reason { get; init; }
    /// <value>The same in a sentence.</value>
    public string? Description { get; init; }
    /// <value>How often it was delivered.</value>
    public int Deliveries { get; init; }
    /// <value>How often an operator had sent it again before.</value>
    public int Replays { get; init; }
}

/// <param name="Request">The request in the message; null when it holds none.</param>
/// <param name="Ended">The status when this call ended the scan (failed, or completed by its result), else null.</param>
/// <param name="Metrics">The result that completed the scan.</param>
public sealed record DeadLetterOutcome(SegmentationRequested? Request, string? TraceParent, ScanStatus? Ended, ScanMetrics? Metrics)
{
    /// <value>The scan is left as it is because a document of it cannot be read.</value>
    public bool IsUnreadable { get; init; }
}

/// <summary>Archives segmentation requests that nobody could serve and ends their scans.</summary>
public sealed class DeadLetters(StatusStore statuses, ScanBlobs blobs, BlobContainerClient audit, TimeProvider clock)
{
    private readonly LetterArchive _archive = new(audit);

    public async Task<DeadLetterOutcome> RecordAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(letter);
        var message = TryReadRequest(letter.Body);
        var archived = await _archive.StoreAsync(letter, message?.Id, cancellationToken);
        if (message is null)
            return new DeadLetterOutcome(null, null, null, null);
        if (await blobs.Erased.TakeBackAsync(message.Data.ScanId, Containers.Audit, archived, cancellationToken))
            return new DeadLetterOutcome(message.Data, message.TraceParent, null, null);
        try
        {
            var (ended, metrics) = await EndAsync(message.Data, cancellationToken);
            return new DeadLetterOutcome(message.Data, message.TraceParent, ended, metrics);
        }
        catch (JsonException)
        {
            // A dead-letter queue delivers again without end: what no try can read must not come back.
            return new DeadLetterOutcome(message.Data, message.TraceParent, null, null) { IsUnreadable = true };
        }
    }

    /// <summary>Leaves an ended scan alone, and one that was asked for again since: that attempt decides.</summary>
    private async Task<(ScanStatus? Ended, ScanMetrics? Metrics)> EndAsync(SegmentationRequested request, CancellationToken cancellationToken)
    {
        if (await statuses.FindAsync(request.ScanId, cancellationToken) is not { } read || !Applies(read.Status))
            return (null, null);
        var metrics = await blobs.FindMetricsAsync(request.ScanId, cancellationToken);
        var now = clock.GetUtcNow().UtcDateTime;
        var (stored, written) = await statuses.ChangeAsync(read, status => Applies(status) ? End(status) : null, cancellationToken);
        return written ? (stored.Status, metrics) : (null, null);

        bool Applies(ScanStatus status) => !status.IsTerminal && status.Attempt <= request.Attempt;
        ScanStatus End(ScanStatus status) => metrics is null
            ? status.Failed(Failures.DeadLettered, now)
            : status.Completed(ScanResultSummary.Of(metrics), now);
    }

    private static CloudEvent<SegmentationRequested>? TryReadRequest(string body)
    {
        try
        {
            var message = JsonSerializer.Deserialize(body, ContractsJson.Default.CloudEventSegmentationRequested);
            return message is { Type: EventTypes.SegmentationRequested, Data.Attempt: > 0 }
                && message.Id == ScanEvents.IdOf(message.Data.ScanId, message.Data.Attempt)
                ? message with { TraceParent = TraceParents.Checked(message.TraceParent) } : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
