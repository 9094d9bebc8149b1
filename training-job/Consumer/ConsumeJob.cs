using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Scans;
using CtSeg.ServiceBus;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>The consumer as <c>consume</c> runs it: with the model that storage names, and those that take over from it, or with one from a folder.</summary>
/// <param name="load">Loads a model folder; throws <see cref="ModelRefusedException"/>.</param>
/// <param name="cacheFolder">Keeps the files of models.</param>
internal sealed class ConsumeJob(
    ConsumeOptions options, BlobServiceClient storage, IServiceBusClient bus, Func<string, ISliceSegmenter> load, string cacheFolder, TimeProvider time, ILoggerFactory logs)
{
    /// <value>Keeps which model served last and what was told; the account's own one in the cache folder unless given.</value>
    public string? StateFolder { get; init; }

    /// <exception cref="ModelRefusedException">There is no usable model.</exception>
    /// <exception cref="ServiceBusException">The queue is refused or stayed out of reach.</exception>
    public Task<ConsumerEnd> RunAsync(CancellationToken stopping) => options.ModelFolder is { } folder
        ? RunFolderAsync(folder, stopping)
        : RunNamedAsync(stopping);

    // The models are not disposed: at a drain that timed out one of them is still computing while the process ends.
    private async Task<ConsumerEnd> RunFolderAsync(string folder, CancellationToken stopping)
    {
        var thread = StartThread();
        thread.Serve(await thread.ExecuteAsync(() => load(folder)));
        return await new ConsumeSession(storage, bus, thread, new SlicePictures(), options.Limits, time, logs).RunAsync(stopping);
    }

    private async Task<ConsumerEnd> RunNamedAsync(CancellationToken stopping)
    {
        var state = StateFolder ?? AccountFolder.Of(cacheFolder, storage.Uri);
        await using var sender = bus.CreateSender(Queues.Alerts);
        var alerts = new ModelAlerts(sender, state, time, logs.CreateLogger<ModelAlerts>());
        var models = new StorageModels(storage.GetBlobContainerClient(Containers.Models), cacheFolder);
        var loader = new ModelLoader(models, load, time);
        var serving = new ServingModel(models, loader, new LastServedModel(state), alerts, StartThread, time, logs.CreateLogger<ServingModel>());
        await serving.StartAsync(stopping);
        var comparison = new ShadowComparison(
            new ShadowResultStore(storage), new StatusStore(storage.GetBlobContainerClient(Containers.Status)), time, logs.CreateLogger<ShadowComparison>());
        using var shadow = new ShadowChallenger(new ShadowStore(storage, time), loader, comparison, alerts, time, logs.CreateLogger<ShadowChallenger>());
        var watch = new ModelWatch(serving, shadow, options.ModelInterval, time, logs.CreateLogger<ModelWatch>());
        var session = new ConsumeSession(storage, bus, serving.Thread, new SlicePictures(), options.Limits, time, logs)
        {
            OnSegmented = shadow.Offer,
            Beside = watch.RunAsync,
        };
        return await session.RunAsync(stopping);
    }

    private ModelThread StartThread() => new(time, onStart: ThreadPriority.LowerAllOthers);
}
