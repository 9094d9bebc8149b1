using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.Scans;
using CtSeg.Testing;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.Shared.Tests.Recovery;

public sealed class ScanReconcilerTests(AzuriteFixture azurite)
{
    private static readonly ScanFailure Lost = new(FailureReason.GaveUp, "No result came.", "Upload it again.");
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 15, 0, 0, TimeSpan.Zero));
    private DateTime Now => _clock.GetUtcNow().UtcDateTime;
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_NoScanThatWaits_When_Reconciled_Then_TheOldestWaitIsZero()
    {
        var (statuses, reconciler) = await OpenAsync(maxScans: 10);
        await statuses.TryCreateAsync(Received(1).Failed(Lost, Now), Stop);
        _clock.Advance(TimeSpan.FromHours(3));
        (await reconciler.ReconcileAsync(Stop)).OldestWait.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public async Task Given_AScanAskedForAgainAndAgain_When_Reconciled_Then_ItsWaitCountsFromTheUpload()
    {
        var (statuses, reconciler) = await OpenAsync(maxScans: 10);
        await statuses.TryCreateAsync(Received(1).Requested(1, Now), Stop);
        foreach (var (minutes, wait) in ((int, int)[])[(11, 11), (21, 32), (41, 73)])
        {
            _clock.Advance(TimeSpan.FromMinutes(minutes));
            var outcome = await reconciler.ReconcileAsync(Stop);
            outcome.AskAgain.Count.ShouldBe(1);
            outcome.OldestWait.ShouldBe(TimeSpan.FromMinutes(wait));
        }
    }

    [Fact]
    public async Task Given_AReplayedScan_When_Reconciled_Then_ItsWaitCountsFromTheReplay()
    {
        var (statuses, reconciler) = await OpenAsync(maxScans: 10);
        var stored = (await statuses.TryCreateAsync(Received(1).Requested(1, Now).Failed(Lost, Now), Stop)).ShouldNotBeNull();
        _clock.Advance(TimeSpan.FromHours(3));
        await statuses.TryReplaceAsync(stored, stored.Status.Replayed("1", Now), Stop);
        _clock.Advance(TimeSpan.FromMinutes(2));
        (await reconciler.ReconcileAsync(Stop)).OldestWait.ShouldBe(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Given_MoreOverdueScansThanOneRunTakes_When_Reconciled_Then_TheOldestOfAllIsTold()
    {
        var (statuses, reconciler) = await OpenAsync(maxScans: 1);
        await statuses.TryCreateAsync(Received(9).Requested(1, Now), Stop);
        _clock.Advance(TimeSpan.FromMinutes(5));
        await statuses.TryCreateAsync(Received(1).Requested(1, Now), Stop);
        _clock.Advance(TimeSpan.FromMinutes(11));
        var outcome = await reconciler.ReconcileAsync(Stop);
        outcome.AskAgain.ShouldHaveSingleItem().ScanId.ShouldBe(Id(1));
        outcome.OldestWait.ShouldBe(TimeSpan.FromMinutes(16));
    }

    private static ScanId Id(int number) => ScanId.Parse($"{number:x16}");

    private ScanStatus Received(int number) => ScanStatus.Received(Id(number), "a.png", Now);

    private async Task<(StatusStore, ScanReconciler)> OpenAsync(int maxScans)
    {
        var storage = new BlobServiceClient(await azurite.NewAccountAsync());
        var statuses = new StatusStore(storage.GetBlobContainerClient(Containers.Status));
        return (statuses, new ScanReconciler(statuses, new ScanBlobs(storage), new ReconcilePolicy(TimeSpan.FromMinutes(10), 10, maxScans), _clock));
    }
}
