using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.Recovery;

/// <summary>A message from a dead-letter queue.</summary>
/// <param name="Body">As it was sent, whatever it is.</param>
public sealed record DeadLetter(string Body)
{
    public string? MessageId { get; init; }
    public string? SequenceNumber { get; init; }
    /// <value>Why it was dead-lettered, where the broker says so.</value>
    public string? Reason { get; init; }
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
    private const int MaxNameLength = 100;
    private const int MaxReasonLength = 1000;

    public async Task<DeadLetterOutcome> RecordAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(letter);
        var message = TryReadRequest(letter.Body);
        var archived = await ArchiveAsync(letter, message?.Id, cancellationToken);
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

    private async Task<string> ArchiveAsync(DeadLetter letter, string? eventId, CancellationToken cancellationToken)
    {
        var name = eventId ?? Safe($"{letter.MessageId}-{letter.SequenceNumber}");
        var options = new BlobUploadOptions
        {
            HttpHeaders = new BlobHttpHeaders { ContentType = eventId is null ? "text/plain; charset=utf-8" : "application/json" },
            Metadata = new Dictionary<string, string> { ["reason"] = ReasonOf(letter) },
        };
        var blob = BlobPaths.DeadLetter(name);
        await audit.GetBlobClient(blob).UploadAsync(BinaryData.FromString(letter.Body), options, cancellationToken);
        return blob;
    }

    private static CloudEvent<SegmentationRequested>? TryReadRequest(string body)
    {
        try
        {
            var message = JsonSerializer.Deserialize(body, ContractsJson.Default.CloudEventSegmentationRequested);
            return message is { Type: EventTypes.SegmentationRequested, Data.Attempt: > 0 }
                && message.Id == ScanEvents.IdOf(message.Data.ScanId, message.Data.Attempt) ? message : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // A message id is anybody's text and becomes part of a blob name.
    private static string Safe(string id)
    {
        var name = new StringBuilder();
        foreach (var c in id.AsSpan(0, Math.Min(id.Length, MaxNameLength)))
            name.Append(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-');
        return name.ToString();
    }

    private static string ReasonOf(DeadLetter letter)
    {
        var reason = Uri.EscapeDataString(letter.Reason is { Length: > 0 } said ? said : "unknown");
        return reason[..Math.Min(reason.Length, MaxReasonLength)];
    }
}
