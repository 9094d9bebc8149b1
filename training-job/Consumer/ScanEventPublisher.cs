using CtSeg.Contracts;
using CtSeg.ServiceBus;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Tells that a scan ended.</summary>
internal sealed class ScanEventPublisher(IMessageSender sender, TimeProvider time)
{
    /// <param name="metrics">Of the whole result; the event carries the attempt that led to it.</param>
    public Task CompletedAsync(ScanMetrics metrics, string? traceParent, CancellationToken cancellationToken)
    {
        var completed = ScanEvents.Completed(metrics, EventMessages.Source, UtcNow(), traceParent);
        return sender.SendAsync(Queues.SegmentationCompleted, completed, ContractsJson.Default.CloudEventSegmentationCompleted, cancellationToken);
    }

    public Task FailedAsync(
        ScanId scan, int attempt, string blobName, ScanFailure failure, string? traceParent, CancellationToken cancellationToken)
    {
        var failed = ScanEvents.Failed(scan, attempt, blobName, failure, EventMessages.Source, UtcNow(), traceParent);
        return sender.SendAsync(Queues.SegmentationCompleted, failed, ContractsJson.Default.CloudEventSegmentationFailed, cancellationToken);
    }

    private DateTime UtcNow() => time.GetUtcNow().UtcDateTime;
}
