using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Testing;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.TrainingJob.Tests.Consumer;

/// <summary>A storage with models and a machine that serves them. Looks are made by hand, time stands still unless moved.</summary>
public abstract class ServingModelWorld : IDisposable
{
    private static readonly GreyImage Slice = new(8, 8, [.. Enumerable.Repeat((byte)9, 64)]);

    private readonly RoleGuard _roles = new("segmentation");

    protected ServingModelWorld()
    {
        Models = new FakeModels(Storage);
        Bus = new FakeServiceBus(Time);
    }

    private protected static CancellationToken Stop => TestContext.Current.CancellationToken;
    private protected string Cache { get; } = Directory.CreateTempSubdirectory("ctseg-models-").FullName;
    private protected FakeBlobStorage Storage { get; } = new();
    private protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private protected FakeModels Models { get; }
    private protected FakeServiceBus Bus { get; }
    private protected Effects Effects { get; } = new();

    public void Dispose()
    {
        Directory.Delete(Cache, recursive: true);
        _roles.Refused.ShouldBeEmpty();
        GC.SuppressFinalize(this);
    }

    private protected async Task<ServingModel> StartAsync(string version)
    {
        await Models.PublishAsync(version);
        await Models.PointAsync(version);
        var serving = Create();
        await serving.StartAsync(Stop);
        return serving;
    }

    private protected ServingModel Create()
    {
        var models = new StorageModels(Storage.Connect(Effects, _roles).GetBlobContainerClient(Containers.Models), Cache);
        var alerts = new ModelAlerts(Bus.Connect(new Effects()).CreateSender(Queues.Alerts), Cache, Time, NullLogger<ModelAlerts>.Instance);
        return new ServingModel(
            models, new ModelLoader(models, Models.Load, Time), new LastServedModel(Cache), alerts, () => new ModelThread(Time), Time, NullLogger<ServingModel>.Instance);
    }

    /// <summary>Two looks: the first begins to load, the second takes what was loaded.</summary>
    private protected static async Task LookUntilLoadedAsync(ServingModel serving)
    {
        await serving.LookAsync(Stop);
        await Task.WhenAny(serving.Loading ?? Task.CompletedTask).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Stop);
        await serving.LookAsync(Stop);
    }

    private protected static Task<TimedMask> SegmentAsync(ServingModel serving) => serving.Thread.SegmentAsync(Slice, 8, 8, Stop);

    private protected List<CloudEvent<ModelRefused>> Alerts() =>
        [.. Bus.Messages(Queues.Alerts).Select(message => JsonSerializer.Deserialize(message.Body.Span, ContractsJson.Default.CloudEventModelRefused)!)];
}
