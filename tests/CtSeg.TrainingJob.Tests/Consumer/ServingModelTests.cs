using CtSeg.Contracts;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Consumer;

/// <summary>A job that runs, and an alias that moves.</summary>
public sealed class ServingModelTests : ServingModelWorld
{
    [Fact]
    public async Task Given_TheAliasMoves_When_Looked_Then_TheNextSliceIsTheNewModelsAndTheOldOneIsDisposedOf()
    {
        var serving = await StartAsync("v1");
        await Models.PublishAsync("v2");
        await Models.PointAsync("v2");

        await LookUntilLoadedAsync(serving);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v2");
        Models.Loaded[0].IsDisposed.ShouldBeTrue();
        Models.Loaded[1].IsDisposed.ShouldBeFalse();
        (await Models.NotedAsync(Cache)).ShouldBe(FakeModels.Named("v2"));
        Alerts().ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ASliceInTheModel_When_AnotherTakesOver_Then_ItsMaskNamesTheModelThatMadeItAndThatLivesUntilThen()
    {
        using var begun = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var disposedDuring = false;
        FakeSegmenter? first = null;
        await Models.PublishAsync("v1", () => first = new FakeSegmenter
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
        await Models.PointAsync("v1");
        var serving = Create();
        await serving.StartAsync(Stop);
        var inWork = SegmentAsync(serving);
        begun.Wait(Stop);
        var next = SegmentAsync(serving);
        await Models.PublishAsync("v2");
        await Models.PointAsync("v2");
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
        await Models.PublishAsync("v2");
        await Models.PutAsync(BlobPaths.ModelWeights("v2"), [0, 1, 2]);
        await Models.PointAsync("v2");

        for (var look = 0; look < 5; look++)
        {
            await LookUntilLoadedAsync(serving);
            Time.Advance(TimeSpan.FromMinutes(16));
        }

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        var alert = Alerts().ShouldHaveSingleItem();
        (alert.Data.Version, alert.Data.Serving).ShouldBe(("v2", "v1"));
        alert.Data.Reason.ShouldContain("SHA-256");
        (await Models.NotedAsync(Cache)).ShouldBe(FakeModels.Named("v1"));
        // A job that is started again does not tell it again.
        await StartAsync("v1");
        Alerts().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Given_ARefusedModelIsMended_When_ItIsTriedAgain_Then_ItServesAndALaterRefusalIsNews()
    {
        var serving = await StartAsync("v1");
        await Models.PublishAsync("v2");
        await Models.PutAsync(BlobPaths.ModelWeights("v2"), [0, 1, 2]);
        await Models.PointAsync("v2");
        await LookUntilLoadedAsync(serving);
        await Models.PublishAsync("v2");

        await LookUntilLoadedAsync(serving);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1", "too early for another try");
        Time.Advance(TimeSpan.FromMinutes(1));
        await LookUntilLoadedAsync(serving);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v2");
        Directory.GetFiles(Path.Combine(Cache, "told")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AModelThatFailsOnABlankSlice_When_TheAliasNamesIt_Then_ItIsRefusedAndDisposedOf()
    {
        var serving = await StartAsync("v1");
        await Models.PublishAsync("v2", () => new FakeSegmenter { Before = image => { if (image.Width == 369) throw new InvalidOperationException("no"); } });
        await Models.PointAsync("v2");

        await LookUntilLoadedAsync(serving);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        Alerts().ShouldHaveSingleItem().Data.Reason.ShouldContain("blank slice");
        Models.Loaded[^1].IsDisposed.ShouldBeTrue();
    }

    [Fact]
    public async Task Given_AModelThatHangs_When_TheAliasMovesBack_Then_NobodyWaitsForIt()
    {
        using var begun = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var serving = await StartAsync("v1");
        await Models.PublishAsync("v2", () => Hanging(begun, goOn));
        await Models.PointAsync("v2");
        await serving.LookAsync(Stop);
        begun.Wait(Stop);

        await Models.PointAsync("v1");
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
        await Models.PublishAsync("v2", () => Hanging(begun, goOn));
        await Models.PointAsync("v2");
        await serving.LookAsync(Stop);
        begun.Wait(Stop);

        while (!serving.Loading!.IsCompleted)
        {
            Time.Advance(ModelLoader.Patience);
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
        await Models.PublishAsync("v2");
        await Models.PointAsync("v2");
        Effects.Before = (_, step) =>
        {
            if (step.Contains("weights", StringComparison.Ordinal))
                throw new HttpRequestException("no");
        };
        await LookUntilLoadedAsync(serving);
        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        Alerts().ShouldBeEmpty();

        Effects.Before = null;
        await LookUntilLoadedAsync(serving);
        await LookUntilLoadedAsync(serving);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v2");
    }

    [Fact]
    public async Task Given_AModelWhoseManifestIsNotTheOneNamed_When_TheAliasMovesToIt_Then_TheChampionServesOn()
    {
        var serving = await StartAsync("v1");
        await Models.PublishAsync("v2");
        await Models.PutAsync(BlobPaths.ModelCard("v2"), FakeModels.ManifestOf("v2", side: 185));
        await Models.PointAsync(FakeModels.Moved("v2"));

        await LookUntilLoadedAsync(serving);

        (await SegmentAsync(serving)).Model.Version.ShouldBe("v1");
        Alerts().ShouldHaveSingleItem().Data.Reason.ShouldContain("model.json has the SHA-256");
    }

    private static FakeSegmenter Hanging(ManualResetEventSlim begun, ManualResetEventSlim goOn) => new()
    {
        Before = _ =>
        {
            begun.Set();
            goOn.Wait(TestContext.Current.CancellationToken);
        },
    };
}
