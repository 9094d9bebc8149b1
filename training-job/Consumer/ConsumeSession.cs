using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Scans;
using CtSeg.ServiceBus;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Puts the parts of the consumer together for one run.</summary>
/// <param name="model">With the model that serves first.</param>
internal sealed class ConsumeSession(
    BlobServiceClient storage, IServiceBusClient bus, ModelThread model, ISlicePictures pictures, ConsumerLimits limits, TimeProvider time, ILoggerFactory logs)
{
    /// <value>Called with every slice that is done; must not throw.</value>
    public Action<SegmentedSlice>? OnSegmented { get; init; }

    /// <value>Runs beside the slices until its token is cancelled; null for nothing.</value>
    public Func<CancellationToken, Task>? Beside { get; init; }

    /// <exception cref="ServiceBusException">The queue is refused or stayed out of reach.</exception>
    public async Task<ConsumerEnd> RunAsync(CancellationToken stopping)
    {
        await using var receiver = bus.CreateReceiver(Queues.SegmentationRequests, limits.Prefetch);
        await using var sender = bus.CreateSender(Queues.SegmentationCompleted);
        using var _ = model;
        var processor = new SliceProcessor(
            new StatusStore(storage.GetBlobContainerClient(Containers.Status)),
            new ScanBlobs(storage),
            model,
            pictures,
            new ScanEventPublisher(sender, time),
            time);
        var handler = new MessageHandler(processor, receiver, time, logs.CreateLogger<MessageHandler>(), OnSegmented);
        using var consumer = new SegmentationConsumer(receiver, handler, limits, time, logs.CreateLogger<SegmentationConsumer>());
        logs.CreateLogger<ConsumeSession>().Ready(model.Serving.Model.Version);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var beside = Beside?.Invoke(ended.Token) ?? Task.CompletedTask;
        try
        {
            return await consumer.RunAsync(stopping);
        }
        finally
        {
            await ended.CancelAsync();
            await beside;
        }
    }
}
