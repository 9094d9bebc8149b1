using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.TrainingJob.Tests.Consumer;

/// <summary>Looks are made by hand, time stands still unless moved.</summary>
public sealed class ServingModelTests : IDisposable
{
    private static readonly GreyImage Slice = new(8, 8, [.. Enumerable.Repeat((byte)9, 64)]);
    private readonly string _cache = Directory.CreateTempSubdirectory("ctseg-models-").FullName;
    private readonly FakeBlobStorage _storage = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeModels _models;
    private readonly FakeServiceBus _bus;
    private readonly Effects _effects = new();

    public ServingModelTests()
    {
        _models = new FakeModels(_storage);
        _bus = new FakeServiceBus(_time);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_cache, recursive: true);

    [Fact]
    public async Task Given_TheAliasMoves_When_Looked_Then_TheNextSliceIsTheNewModelsAndTheOldOneIsDisposedOf()
    {
        var serving = await StartAsync("v1");
        await _models.PublishAsync("v2");
        await _models.PointAsync("v2");

        await LookUntilLoadedAsync(serving);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v2");
        _models.Loaded[0].IsDisposed.ShouldBeTrue();
        _models.Loaded[1].IsDisposed.ShouldBeFalse();
        (await _models.NotedAsync(_cache)).ShouldBe(FakeModels.Named("v2"));
        Alerts().ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ASliceInTheModel_When_AnotherTakesOver_Then_ItsMaskNamesTheModelThatMadeItAndThatLivesUntilThen()
    {
        using var begun = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var disposedDuring = false;
        FakeSegmenter? first = null;
        await _models.PublishAsync("v1", () => first = new FakeSegmenter
        {
            Before = image =>
            {
                if (image.Pixels[0] != 9)
                    return;
                begun.Set();
                goOn.Wait(TestContext.Current.CancellationToken);
                disposedDuring = first!.IsDisposed;
            },
        });
        await _models.PointAsync("v1");
        var serving = Create();
        await serving.StartAsync(Stop);
        var inWork = SegmentAsync(serving);
        begun.Wait(Stop);
        var next = SegmentAsync(serving);
        await _models.PublishAsync("v2");
        await _models.PointAsync("v2");
        await LookUntilLoadedAsync(serving);

        goOn.Set();

        (await inWork).Model.Version.ShouldBe("v1");
        (await next).Model.Version.ShouldBe("v2");
        disposedDuring.ShouldBeFalse();
        await serving.Thread.ExecuteAsync(() => true);
        first!.IsDisposed.ShouldBeTrue();
    }

    [Fact]
    public async Task Given_DamagedWeights_When_TheAliasNamesThem_Then_TheChampionServesAndTheAlertIsTold_Once()
    {
        var serving = await StartAsync("v1");
        await _models.PublishAsync("v2");
        await _models.PutAsync(BlobPaths.ModelWeights("v2"), [0, 1, 2]);
        await _models.PointAsync("v2");

        for (var look = 0; look < 5; look++)
        {
            await LookUntilLoadedAsync(serving);
            _time.Advance(TimeSpan.FromMinutes(16));
        }

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        var alert = Alerts().ShouldHaveSingleItem();
        (alert.Data.Version, alert.Data.Serving).ShouldBe(("v2", "v1"));
        alert.Data.Reason.ShouldContain("SHA-256");
        (await _models.NotedAsync(_cache)).ShouldBe(FakeModels.Named("v1"));
        // A job that is started again does not tell it again.
        await StartAsync("v1");
        Alerts().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Given_ARefusedModelIsMended_When_ItIsTriedAgain_Then_ItServesAndALaterRefusalIsNews()
    {
        var serving = await StartAsync("v1");
        await _models.PublishAsync("v2");
        await _models.PutAsync(BlobPaths.ModelWeights("v2"), [0, 1, 2]);
        await _models.PointAsync("v2");
        await LookUntilLoadedAsync(serving);
        await _models.PublishAsync("v2");

        await LookUntilLoadedAsync(serving);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1", "too early for another try");
        _time.Advance(TimeSpan.FromMinutes(1));
        await LookUntilLoadedAsync(serving);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v2");
        Directory.GetFiles(Path.Combine(_cache, "told")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AModelThatFailsOnABlankSlice_When_TheAliasNamesIt_Then_ItIsRefusedAndDisposedOf()
    {
        var serving = await StartAsync("v1");
        await _models.PublishAsync("v2", () => new FakeSegmenter { Before = image => { if (image.Width == 369) throw new InvalidOperationException("no"); } });
        await _models.PointAsync("v2");

        await LookUntilLoadedAsync(serving);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        Alerts().ShouldHaveSingleItem().Data.Reason.ShouldContain("blank slice");
        _models.Loaded[^1].IsDisposed.ShouldBeTrue();
    }

    [Fact]
    public async Task Given_AModelThatHangs_When_TheAliasMovesBack_Then_NobodyWaitsForIt()
    {
        using var begun = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var serving = await StartAsync("v1");
        await _models.PublishAsync("v2", () => Hanging(begun, goOn));
        await _models.PointAsync("v2");
        await serving.LookAsync(Stop);
        begun.Wait(Stop);

        await _models.PointAsync("v1");
        await serving.LookAsync(Stop);

        serving.Loading.ShouldBeNull();
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        Alerts().ShouldBeEmpty();
        goOn.Set();
    }

    [Fact]
    public async Task Given_AModelThatHangs_When_PatienceIsOver_Then_ItIsRefused()
    {
        using var goOn = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var serving = await StartAsync("v1");
        await _models.PublishAsync("v2", () => Hanging(begun, goOn));
        await _models.PointAsync("v2");
        await serving.LookAsync(Stop);
        begun.Wait(Stop);

        while (!serving.Loading!.IsCompleted)
        {
            _time.Advance(ModelLoader.Patience);
            await Task.WhenAny(serving.Loading, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Stop));
        }
        await serving.LookAsync(Stop);

        Alerts().ShouldHaveSingleItem().Data.Reason.ShouldContain("within 2 minutes");
        goOn.Set();
    }

    [Fact]
    public async Task Given_StorageIsOutOfReach_When_Watched_Then_TheNextLooksGoOn()
    {
        var serving = await StartAsync("v1");
        await _models.PublishAsync("v2");
        await _models.PointAsync("v2");
        _effects.Before = (_, step) =>
        {
            if (step.Contains("weights", StringComparison.Ordinal))
                throw new HttpRequestException("no");
        };
        await LookUntilLoadedAsync(serving);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        Alerts().ShouldBeEmpty();

        _effects.Before = null;
        await LookUntilLoadedAsync(serving);
        await LookUntilLoadedAsync(serving);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v2");
    }

    [Theory]
    [InlineData("{")]
    [InlineData(null)]
    public async Task Given_TheAliasCannotBeRead_When_Started_Then_TheLastModelOfThisMachineServesAndItIsTold(string? alias)
    {
        await StartAsync("v1");
        if (alias is null)
            _storage.Remove("models/current.json");
        else
            await _models.PutAsync(BlobPaths.CurrentModel, System.Text.Encoding.UTF8.GetBytes(alias));

        var serving = Create();
        await serving.StartAsync(Stop);
        await serving.LookAsync(Stop);
        await serving.LookAsync(Stop);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        var alert = Alerts().ShouldHaveSingleItem();
        (alert.Data.Version, alert.Data.Serving).ShouldBe((ServingModel.UnknownVersion, "v1"));
    }

    [Fact]
    public async Task Given_TheModelIsDamaged_When_StartedOnAMachineWhereAnotherServed_Then_ThatServesUntilItIsMended()
    {
        await StartAsync("v1");
        await _models.PublishAsync("v2");
        await _models.PutAsync(BlobPaths.ModelWeights("v2"), [7]);
        await _models.PointAsync("v2");

        var serving = Create();
        await serving.StartAsync(Stop);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        await serving.LookAsync(Stop);
        Alerts().ShouldHaveSingleItem().Data.Version.ShouldBe("v2");

        await _models.PublishAsync("v2");
        _time.Advance(TimeSpan.FromMinutes(1));
        await LookUntilLoadedAsync(serving);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v2");
    }

    [Fact]
    public async Task Given_DamagedModels_When_StartedOnANewMachine_Then_TheNewestThatServedBeforeAndIsWholeServesAndTheAlertIsTold()
    {
        foreach (var version in new[] { "v1", "v2", "v3", "v4" })
            await _models.PublishAsync(version);
        await _models.PutAsync(BlobPaths.ModelCard("v3"), FakeModels.ManifestOf("v3", side: 185));
        await _models.PutAsync(BlobPaths.ModelWeights("v4"), [7]);
        await _models.PointAsync(FakeModels.Moved("v4"), FakeModels.Moved("v1"), FakeModels.Moved("v2"), FakeModels.Moved("v3"));

        var serving = Create();
        await serving.StartAsync(Stop);
        await serving.LookAsync(Stop);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v2");
        var alert = Alerts().ShouldHaveSingleItem();
        (alert.Data.Version, alert.Data.Serving).ShouldBe(("v4", "v2"));
        (await _models.NotedAsync(_cache)).ShouldBe(FakeModels.Named("v2"));

        await _models.PublishAsync("v4");
        _time.Advance(TimeSpan.FromMinutes(1));
        await LookUntilLoadedAsync(serving);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v4");
    }

    [Theory]
    [InlineData(true, "v1")]
    [InlineData(false, "v2")]
    public async Task Given_TheModelIsDamaged_When_OneServedHere_Then_ItGoesFirstUnlessTheAliasWasMovedBackFromIt(bool isBefore, string expected)
    {
        await StartAsync("v1");
        await _models.PublishAsync("v2");
        await _models.PublishAsync("v3");
        await _models.PutAsync(BlobPaths.ModelWeights("v3"), [7]);
        await _models.PointAsync(FakeModels.Named("v3"), isBefore ? [FakeModels.Named("v1"), FakeModels.Named("v2")] : [FakeModels.Named("v2")]);

        var serving = Create();
        await serving.StartAsync(Stop);

        (await SegmentAsync(serving)).Model.Version.ShouldBe(expected);
    }

    [Fact]
    public async Task Given_TheModelsManifestIsDamagedInStorage_When_StartedWhereItServed_Then_ItsFilesHereServeAndItIsToldOnce()
    {
        await StartAsync("v1");
        await _models.PutAsync(BlobPaths.ModelCard("v1"), [7]);

        for (var start = 0; start < 2; start++)
        {
            var serving = Create();
            await serving.StartAsync(Stop);
            await serving.LookAsync(Stop);
            (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        }

        Alerts().ShouldHaveSingleItem().Data.Reason.ShouldContain("cannot be read");
    }

    [Fact]
    public async Task Given_TheManifestOnDiskWasChanged_When_StorageIsOutOfReach_Then_TheModelDoesNotServe()
    {
        await _models.PublishAsync("v1");
        await _models.PointAsync(FakeModels.Moved("v1"));
        await Create().StartAsync(Stop);
        _effects.Before = (_, _) => throw new HttpRequestException("no");
        await Create().StartAsync(Stop);
        var manifest = Directory.GetFiles(_cache, "model.json", SearchOption.AllDirectories).ShouldHaveSingleItem();

        await File.WriteAllBytesAsync(manifest, FakeModels.ManifestOf("v1", side: 185), Stop);

        (await Should.ThrowAsync<Exception>(() => Create().StartAsync(Stop))).ShouldNotBeOfType<ModelRefusedException>();
    }

    [Fact]
    public async Task Given_AModelWhoseManifestIsNotTheOneNamed_When_TheAliasMovesToIt_Then_TheChampionServesOn()
    {
        var serving = await StartAsync("v1");
        await _models.PublishAsync("v2");
        await _models.PutAsync(BlobPaths.ModelCard("v2"), FakeModels.ManifestOf("v2", side: 185));
        await _models.PointAsync(FakeModels.Moved("v2"));

        await LookUntilLoadedAsync(serving);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        Alerts().ShouldHaveSingleItem().Data.Reason.ShouldContain("model.json has the SHA-256");
    }

    [Fact]
    public async Task Given_StorageIsOutOfReach_When_StartedOnAMachineWhereAModelServed_Then_ItServesAndTheAliasIsFollowedLater()
    {
        await StartAsync("v1");
        await _models.PublishAsync("v2");
        await _models.PointAsync("v2");
        _effects.Before = (_, _) => throw new HttpRequestException("no");
        var serving = Create();

        await serving.StartAsync(Stop);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");

        _effects.Before = null;
        await LookUntilLoadedAsync(serving);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v2");
        Alerts().ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_NothingEverServedHere_When_TheModelIsDamaged_Then_TheStartFailsAndItIsTold()
    {
        await _models.PublishAsync("v1");
        await _models.PutAsync(BlobPaths.ModelWeights("v1"), [7]);
        await _models.PointAsync("v1");

        var refusal = await Should.ThrowAsync<ModelRefusedException>(() => Create().StartAsync(Stop));

        refusal.Message.ShouldContain("SHA-256");
        Alerts().ShouldHaveSingleItem().Data.Serving.ShouldBeNull();
    }

    [Fact]
    public async Task Given_NoAlias_When_StartedForTheFirstTime_Then_TheRefusalSaysWhatToDo()
    {
        var refusal = await Should.ThrowAsync<ModelRefusedException>(() => Create().StartAsync(Stop));

        refusal.Message.ShouldContain("does not exist");
        refusal.Message.ShouldContain("--model");
    }

    private static FakeSegmenter Hanging(ManualResetEventSlim begun, ManualResetEventSlim goOn) => new()
    {
        Before = _ =>
        {
            begun.Set();
            goOn.Wait(TestContext.Current.CancellationToken);
        },
    };

    private async Task<ServingModel> StartAsync(string version)
    {
        await _models.PublishAsync(version);
        await _models.PointAsync(version);
        var serving = Create();
        await serving.StartAsync(Stop);
        return serving;
    }

    private ServingModel Create()
    {
        var models = new StorageModels(_storage.Connect(_effects).GetBlobContainerClient(Containers.Models), _cache);
        var alerts = new ModelAlerts(_bus.Connect(new Effects()).CreateSender(Queues.Alerts), _cache, _time, NullLogger<ModelAlerts>.Instance);
        return new ServingModel(
            models, new ModelLoader(models, _models.Load, _time), new LastServedModel(_cache), alerts, () => new ModelThread(_time), _time, NullLogger<ServingModel>.Instance);
    }

    /// <summary>Two looks: the first begins to load, the second takes what was loaded.</summary>
    private static async Task LookUntilLoadedAsync(ServingModel serving)
    {
        await serving.LookAsync(Stop);
        await Task.WhenAny(serving.Loading ?? Task.CompletedTask).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Stop);
        await serving.LookAsync(Stop);
    }

    private static Task<TimedMask> SegmentAsync(ServingModel serving) => serving.Thread.SegmentAsync(Slice, 8, 8, Stop);

    private List<CloudEvent<ModelRefused>> Alerts() =>
        [.. _bus.Messages(Queues.Alerts).Select(message => JsonSerializer.Deserialize(message.Body.Span, ContractsJson.Default.CloudEventModelRefused)!)];
}
