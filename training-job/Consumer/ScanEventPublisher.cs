using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CtSeg.Contracts;
using CtSeg.ServiceBus;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>
/// Tells that a scan ended. The message id is the event id, so the same end told twice is dropped by duplicate detection.
/// </summary>
internal sealed class ScanEventPublisher(IMessageSender sender, TimeProvider time)
{
    private const string Source = "/ctseg/training-job";

    /// <param name="metrics">Of the whole result; the event carries the attempt that led to it.</param>
    public Task CompletedAsync(ScanMetrics metrics, string? traceParent, CancellationToken cancellationToken) => SendAsync(
        ScanEvents.Completed(metrics, Source, UtcNow(), traceParent), ContractsJson.Default.CloudEventSegmentationCompleted, cancellationToken);

    public Task FailedAsync(
        ScanId scan, int attempt, string blobName, ScanFailure failure, string? traceParent, CancellationToken cancellationToken)
    {
        var failed = ScanEvents.Failed(scan, attempt, blobName, failure, Source, UtcNow(), traceParent);
        return SendAsync(failed, ContractsJson.Default.CloudEventSegmentationFailed, cancellationToken);
    }

    private Task SendAsync<T>(CloudEvent<T> cloudEvent, JsonTypeInfo<CloudEvent<T>> type, CancellationToken cancellationToken) =>
        sender.SendAsync(
            new OutgoingMessage(JsonSerializer.SerializeToUtf8Bytes(cloudEvent, type))
            {
                MessageId = cloudEvent.Id,
                Subject = cloudEvent.Subject,
            },
            cancellationToken);

    private DateTime UtcNow() => time.GetUtcNow().UtcDateTime;
}
