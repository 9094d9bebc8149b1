using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Testing;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.Shared.Tests.Models;

public sealed class ShadowStoreTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 15, 12, 5, TimeSpan.Zero);
    private static readonly ShadowModel Shadow = new(
        new ServedModel("2026.3", new string('a', 64)), 0.1, "20261123-151205-a1b2c3", Now.UtcDateTime, Now.UtcDateTime.AddHours(24));

    private readonly FakeTimeProvider _time = new(Now);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_NoShadow_When_Started_Then_ItIsThereAndASecondTimeChangesNothing()
    {
        var store = new ShadowStore(await OpenAsync(), _time);
        (await store.ReadAsync(Stop)).ShouldBeNull();

        (await store.StartAsync(Shadow, Stop)).ShouldBeTrue();
        var first = (await store.ReadAsync(Stop)).ShouldNotBeNull();
        (await store.StartAsync(Shadow with { StartedAt = Shadow.StartedAt.AddHours(1) }, Stop)).ShouldBeTrue();

        first.Shadow.ShouldBe(Shadow);
        (await store.ReadAsync(Stop)).ShouldBe(first);
    }

    [Fact]
    public async Task Given_TheShadowOfAnotherRun_When_Started_Then_ItStaysUntilItsTimeIsOver()
    {
        var store = new ShadowStore(await OpenAsync(), _time);
        await store.StartAsync(Shadow, Stop);
        var next = Shadow with { RunId = "20261124-151205-a1b2c3", Until = Shadow.Until.AddHours(24) };

        (await store.StartAsync(next, Stop)).ShouldBeFalse();
        (await store.ReadAsync(Stop)).ShouldNotBeNull().Shadow.ShouldBe(Shadow);
        _time.Advance(TimeSpan.FromHours(24));

        (await store.StartAsync(next, Stop)).ShouldBeTrue();
        (await store.ReadAsync(Stop)).ShouldNotBeNull().Shadow.ShouldBe(next);
    }

    [Fact]
    public async Task Given_AnotherModelOfTheSameRun_When_Started_Then_ItTakesThePlace()
    {
        var store = new ShadowStore(await OpenAsync(), _time);
        await store.StartAsync(Shadow, Stop);
        var other = Shadow with { Model = new ServedModel("2026.4", new string('b', 64)) };

        (await store.StartAsync(other, Stop)).ShouldBeTrue();

        (await store.ReadAsync(Stop)).ShouldNotBeNull().Shadow.ShouldBe(other);
    }

    [Fact]
    public async Task Given_TwoRuns_When_BothStart_Then_OneIsTold()
    {
        var storage = await OpenAsync();
        var started = await Task.WhenAll(Enumerable.Range(0, 4).Select(run =>
            new ShadowStore(storage, _time).StartAsync(Shadow with { RunId = $"2026112{run}-151205-a1b2c3" }, Stop)));

        started.Count(won => won).ShouldBe(1);
    }

    [Fact]
    public async Task Given_ADamagedDocument_When_ReadAndStarted_Then_ItIsNoShadowAndGivesWay()
    {
        var storage = await OpenAsync();
        await storage.GetBlobContainerClient(Containers.Models).GetBlobClient(BlobPaths.ShadowModel).UploadAsync(new BinaryData("{"), Stop);
        var store = new ShadowStore(storage, _time);

        (await store.ReadAsync(Stop)).ShouldNotBeNull().Shadow.ShouldBeNull();
        (await store.StopAsync(Shadow.RunId, Stop)).ShouldBeFalse();
        (await store.StartAsync(Shadow, Stop)).ShouldBeTrue();
    }

    [Fact]
    public async Task Given_AShadow_When_AnotherRunStopsIt_Then_ItStays_And_ItsOwnRunEndsIt()
    {
        var store = new ShadowStore(await OpenAsync(), _time);
        await store.StartAsync(Shadow, Stop);

        (await store.StopAsync("20261124-151205-a1b2c3", Stop)).ShouldBeFalse();
        (await store.ReadAsync(Stop)).ShouldNotBeNull();
        (await store.StopAsync(Shadow.RunId, Stop)).ShouldBeTrue();
        (await store.ReadAsync(Stop)).ShouldBeNull();
        (await store.StopAsync(Shadow.RunId, Stop)).ShouldBeFalse();
    }

    private async Task<BlobServiceClient> OpenAsync() => new(await azurite.NewAccountAsync());
}
