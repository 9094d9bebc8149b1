using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.Scans;
using CtSeg.Segmentation;
using CtSeg.Testing;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.TrainingJob.Tests.Consumer;

public sealed class ShadowChallengerTests : IDisposable
{
    private const string Run = "20261123-020000-00ff00";
    private static readonly ModelReference Champion = new("champion", new string('c', 64));
    private static readonly GreyImage Image = new(2, 2, [64, 128, 192, 0]);
    private readonly string _cache = Directory.CreateTempSubdirectory("ctseg-models-").FullName;
    private readonly RoleGuard _roles = new("segmentation");
    private readonly FakeBlobStorage _storage = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeModels _models;
    private readonly FakeServiceBus _bus;
    private readonly ShadowStore _store;
    private readonly ShadowChallenger _shadow;

    public ShadowChallengerTests()
    {
        _models = new FakeModels(_storage);
        _bus = new FakeServiceBus(_time);
        var client = _storage.Connect(roles: _roles);
        _store = new ShadowStore(_storage.Connect(), _time);
        var statuses = new StatusStore(client.GetBlobContainerClient(Containers.Status));
        _shadow = new ShadowChallenger(
            new ShadowStore(client, _time),
            new ModelLoader(new StorageModels(client.GetBlobContainerClient(Containers.Models), _cache), _models.Load, _time),
            new ShadowComparison(new ShadowResultStore(client), statuses, _time, NullLogger<ShadowComparison>.Instance),
            new ModelAlerts(_bus.Connect(new Effects()).CreateSender(Queues.Alerts), _cache, _time, NullLogger<ModelAlerts>.Instance),
            _time, NullLogger<ShadowChallenger>.Instance);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _shadow.Dispose();
        Directory.Delete(_cache, recursive: true);
        _roles.Refused.ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AShadow_When_ASliceIsDone_Then_TheDisagreementIsStoredByClass()
    {
        await BeginAsync();
        var scan = await KnownScanAsync("a");

        // The challenger's mask is 1 2 3 0.
        _shadow.Offer(new SegmentedSlice(scan, Image, new LesionMask(2, 2, [1, 1, 0, 0]), Champion));

        var result = await ResultOfAsync(scan);
        (result.RunId, result.Champion, result.Challenger.Version, result.Failure).ShouldBe((Run, Champion, "challenger", null));
        result.Classes.ShouldBe(
        [
            new ClassDisagreement("ground-glass-opacity", 2, 1, 1),
            new ClassDisagreement("consolidation", 0, 1, 0),
            new ClassDisagreement("pleural-effusion", 0, 1, 0),
        ]);
        result.Overall.ShouldBe(new ClassDisagreement("infection", 2, 3, 2));
    }

    [Fact]
    public async Task Given_AChallengerThatFails_When_ASliceIsDone_Then_ThatIsItsWord()
    {
        await BeginAsync(make: () => new FakeSegmenter { Before = image => { if (image.Width == 2) throw new InvalidOperationException("secret"); } });
        var scan = await KnownScanAsync("a");

        _shadow.Offer(SliceOf(scan));

        var result = await ResultOfAsync(scan);
        result.Failure.ShouldBe("The challenger failed (InvalidOperationException).");
        (result.Overall, result.Classes.Count).ShouldBe((null, 0));
    }

    [Fact]
    public async Task Given_AChallengerWhoseWeightsAreDamaged_When_SlicesAreDone_Then_EachSaysSoAndOneAlertIsTold()
    {
        await _models.PublishAsync("challenger");
        await _models.PutAsync(BlobPaths.ModelWeights("challenger"), [1]);
        await StartShadowAsync();
        await LookUntilLoadedAsync();
        var scan = await KnownScanAsync("a");

        _shadow.Offer(SliceOf(scan));

        (await ResultOfAsync(scan)).Failure.ShouldNotBeNull().ShouldContain("refused");
    }

    [Fact]
    public async Task Given_AScanThatWasErasedMeanwhile_When_ItsResultWasWritten_Then_ItIsTakenBack()
    {
        await BeginAsync();
        var erased = ScanId.FromContent("erased", [1]);

        _shadow.Offer(SliceOf(erased));
        var known = await KnownScanAsync("a");
        _shadow.Offer(SliceOf(known));

        await ResultOfAsync(known);
        var blob = $"training-runs/{BlobPaths.ShadowResult(Run, erased)}";
        await _bus.UntilAsync(() => _storage.WritesOf(blob) == 1 && _storage.Find(blob) is null);
    }

    [Fact]
    public async Task Given_AShadowThatIsStuckInASlice_When_ItEnds_Then_NobodyWaitsAndItIsDisposedOfLater()
    {
        using var begun = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        await BeginAsync(make: () => new FakeSegmenter
        {
            Before = image =>
            {
                if (image.Width != 2)
                    return;
                begun.Set();
                goOn.Wait(TestContext.Current.CancellationToken);
            },
        });
        _shadow.Offer(SliceOf(await KnownScanAsync("a")));
        begun.Wait(Stop);

        (await _store.StopAsync(Run, Stop)).ShouldBeTrue();
        await _shadow.LookAsync("champion", Stop);

        var challenger = _models.Loaded.ShouldHaveSingleItem();
        challenger.IsDisposed.ShouldBeFalse();
        goOn.Set();
        await _bus.UntilAsync(() => challenger.IsDisposed);
        var next = await KnownScanAsync("b");
        _shadow.Offer(SliceOf(next));
        _storage.Find($"training-runs/{BlobPaths.ShadowResult(Run, next)}").ShouldBeNull();
    }

    [Fact]
    public async Task Given_TheShadowsTimeIsOver_When_Looked_Then_ItEnds()
    {
        await BeginAsync();

        _time.Advance(TimeSpan.FromHours(1));
        await _shadow.LookAsync("champion", Stop);

        await _bus.UntilAsync(() => _models.Loaded.Single().IsDisposed);
    }

    [Fact]
    public async Task Given_TheChallengerServesByNow_When_ItMadeASlice_Then_ItIsNotComparedWithItself()
    {
        await BeginAsync();
        var (own, other) = (await KnownScanAsync("a"), await KnownScanAsync("b"));
        var served = FakeModels.Named("challenger");

        _shadow.Offer(SliceOf(own) with { Model = new ModelReference(served.Version, served.WeightsSha256) });
        _shadow.Offer(SliceOf(other));

        await ResultOfAsync(other);
        _storage.Find($"training-runs/{BlobPaths.ShadowResult(Run, own)}").ShouldBeNull();
    }

    [Fact]
    public async Task Given_AnUnusableDocument_When_Looked_Then_ThereIsNoShadow()
    {
        foreach (var json in new[] { "{", """{"model":{"version":"../x","weightsSha256":"a"},"share":1,"runId":"r","startedAt":"2026-11-23T12:00:00Z","until":"2026-11-24T12:00:00Z"}""" })
        {
            await _models.PutAsync(BlobPaths.ShadowModel, System.Text.Encoding.UTF8.GetBytes(json));
            await _shadow.LookAsync("champion", Stop);
            _shadow.Loading.ShouldBeNull();
        }
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public void Given_AShare_When_ScansAreChosen_Then_AboutThatManyAreAndAlwaysTheSame(double share)
    {
        var shadow = Shadow() with { Share = share };
        var scans = Enumerable.Range(0, 10_000).Select(number => ScanId.FromContent($"{number}", [])).ToList();

        var chosen = scans.Where(scan => ActiveShadow.IsInShare(shadow, scan)).ToList();

        // Five standard deviations of a binomial.
        ((double)chosen.Count / scans.Count).ShouldBe(share, 5 * Math.Sqrt(share * (1 - share) / scans.Count));
        scans.Where(scan => ActiveShadow.IsInShare(shadow, scan)).ShouldBe(chosen);
        var all = shadow with { Share = 1 };
        scans.ShouldAllBe(scan => ActiveShadow.IsInShare(all, scan));
    }

    private ShadowModel Shadow() =>
        new(FakeModels.Named("challenger"), 1, Run, _time.GetUtcNow().UtcDateTime, _time.GetUtcNow().UtcDateTime + TimeSpan.FromHours(1));

    private static SegmentedSlice SliceOf(ScanId scan) => new(scan, Image, new LesionMask(2, 2, [1, 1, 0, 0]), Champion);

    private async Task BeginAsync(Func<FakeSegmenter>? make = null)
    {
        await _models.PublishAsync("challenger", make);
        await StartShadowAsync();
        await LookUntilLoadedAsync();
    }

    private async Task StartShadowAsync() => (await _store.StartAsync(Shadow(), Stop)).ShouldBeTrue();

    private async Task LookUntilLoadedAsync()
    {
        await _shadow.LookAsync("champion", Stop);
        await Task.WhenAny(_shadow.Loading.ShouldNotBeNull()).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Stop);
        await _shadow.LookAsync("champion", Stop);
        _shadow.Loading.ShouldBeNull();
    }

    private async Task<ScanId> KnownScanAsync(string name)
    {
        var scan = ScanId.FromContent(name, [1]);
        await new StatusStore(_storage.Connect().GetBlobContainerClient(Containers.Status)).TryCreateAsync(ScanStatus.Received(scan, name, _time.GetUtcNow().UtcDateTime), Stop);
        return scan;
    }

    private async Task<ShadowResult> ResultOfAsync(ScanId scan)
    {
        var blob = $"training-runs/{BlobPaths.ShadowResult(Run, scan)}";
        await _bus.UntilAsync(() => _storage.Find(blob) is not null);
        return JsonSerializer.Deserialize(_storage.Find(blob), ContractsJson.Default.ShadowResult)!;
    }
}
