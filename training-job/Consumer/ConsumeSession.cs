using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Scans;
using CtSeg.ServiceBus;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Puts the parts of the consumer together for one run.</summary>
internal sealed class ConsumeSession(
    BlobServiceClient storage, IServiceBusClient bus, ISliceSegmenter segmenter, ISlicePictures pictures, ConsumerLimits limits, TimeProvider time, ILoggerFactory logs)
{
    /// <exception cref="ServiceBusException">The queue is refused or stayed out of reach.</exception>
    public async Task<ConsumerEnd> RunAsync(CancellationToken stopping)
    {
        await using var receiver = bus.CreateReceiver(Queues.SegmentationRequests, limits.Prefetch);
        await using var sender = bus.CreateSender(Queues.SegmentationCompleted);
        using var model = new ModelThread(segmenter, time);
        var processor = new SliceProcessor(
            new StatusStore(storage.GetBlobContainerClient(Containers.Status)),
            new ScanBlobs(storage),
            model,
            pictures,
            new ScanEventPublisher(sender, time),
            time);
        var handler = new MessageHandler(processor, receiver, time, logs.CreateLogger<MessageHandler>());
        using var consumer = new SegmentationConsumer(receiver, handler, limits, time, logs.CreateLogger<SegmentationConsumer>());
        logs.CreateLogger<ConsumeSession>().Ready(segmenter.Model.Version);
        return await consumer.RunAsync(stopping);
    }
}
