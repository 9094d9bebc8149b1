using Azure.Core;
using Azure.Core.Pipeline;
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
    private BlobServiceClient? _storage;
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

    [Fact]
    public async Task Given_MoreLeftOverMarkersThanOneRunTakes_When_Reconciled_Then_TheRestIsLeftToTheNext()
    {
        var (statuses, reconciler) = await OpenAsync(maxScans: 2);
        for (var n = 1; n <= 3; n++)
        {
            // A second announcement of a scan that has ended leaves its marker over.
            await statuses.TryCreateAsync(Received(n).Failed(Lost, Now), Stop);
            await statuses.TryCreateAsync(Received(n), Stop);
        }
        _clock.Advance(TimeSpan.FromMinutes(11));

        await reconciler.ReconcileAsync(Stop);

        (await MarkedAsync(statuses)).ShouldBe([Id(3)]);
        await reconciler.ReconcileAsync(Stop);
        (await MarkedAsync(statuses)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AsManyBrokenDocumentsAsOneRunTakes_When_Reconciled_Then_TheScansAfterThemHaveTheirTurnInTheNext()
    {
        var (statuses, reconciler) = await OpenAsync(maxScans: 2);
        foreach (var n in (int[])[1, 2, 9])
            await statuses.TryCreateAsync(Received(n).Requested(1, Now), Stop);
        await BreakAsync(Containers.Status, BlobPaths.Status(Id(1)));
        await BreakAsync(Containers.Results, BlobPaths.Metrics(Id(2)));
        _clock.Advance(TimeSpan.FromMinutes(11));
        (await reconciler.ReconcileAsync(Stop)).Skipped.ShouldBe([Id(1), Id(2)]);

        var next = await reconciler.ReconcileAsync(Stop);

        next.AskAgain.ShouldHaveSingleItem().ScanId.ShouldBe(Id(9));
        next.Skipped.ShouldBeEmpty();
        _clock.Advance(TimeSpan.FromMinutes(12));
        var later = await reconciler.ReconcileAsync(Stop);
        later.Skipped.ShouldBe([Id(1), Id(2)]);
    }

    [Fact]
    public async Task Given_AsManyMarkersWithoutAStatusAsOneRunTakes_When_Reconciled_Then_TheyHoldUpNothingAndTellNoWait()
    {
        var (statuses, reconciler) = await OpenAsync(maxScans: 2);
        foreach (var n in (int[])[1, 2])
            await statuses.Waiting.TryAddAsync(Received(n), Stop);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await statuses.TryCreateAsync(Received(9).Requested(1, Now), Stop);
        _clock.Advance(TimeSpan.FromMinutes(11));
        (await reconciler.ReconcileAsync(Stop)).AskAgain.ShouldBeEmpty();

        var next = await reconciler.ReconcileAsync(Stop);

        next.AskAgain.ShouldHaveSingleItem().ScanId.ShouldBe(Id(9));
        next.OldestWait.ShouldBe(TimeSpan.FromMinutes(11));
    }

    [Fact]
    public async Task Given_AMarkerWhoseWriterComesLate_When_ItWasLookedAtInVain_Then_ItsScanIsAskedForAsSoonAsAnyOther()
    {
        var (statuses, reconciler) = await OpenAsync(maxScans: 2);
        await statuses.Waiting.TryAddAsync(Received(1), Stop);
        _clock.Advance(TimeSpan.FromHours(20));
        await reconciler.ReconcileAsync(Stop);

        await statuses.TryCreateAsync(Received(1).Requested(1, Now), Stop);
        _clock.Advance(TimeSpan.FromMinutes(11));

        var outcome = await reconciler.ReconcileAsync(Stop);
        outcome.AskAgain.Count.ShouldBe(1);
        outcome.OldestWait.ShouldBe(TimeSpan.FromMinutes(11));
    }

    [Fact]
    public async Task Given_SlowStorage_When_HalfOfTheTimeIsUp_Then_TheRunEndsWithWhatItHas()
    {
        var slow = new SlowStorage(_clock) { Each = TimeSpan.FromSeconds(15) };
        var (statuses, reconciler) = await OpenAsync(maxScans: 10, slow);
        await AskForAsync(statuses, 5);

        var outcome = await reconciler.ReconcileAsync(Stop);

        // The note about older scans, the listing, and five requests for each scan.
        outcome.AskAgain.Select(scan => scan.ScanId).ShouldBe([Id(1), Id(2)]);
        outcome.IsOutOfTime.ShouldBeTrue();
        slow.Each = TimeSpan.Zero;
        var next = await reconciler.ReconcileAsync(Stop);
        next.AskAgain.Select(scan => scan.ScanId).ShouldBe([Id(3), Id(4), Id(5)]);
        next.IsOutOfTime.ShouldBeFalse();
    }

    [Fact]
    public async Task Given_StorageThatHangs_When_TheTimeIsAlmostUp_Then_WhatWasChangedIsStillTold()
    {
        var slow = new SlowStorage(_clock);
        var (statuses, reconciler) = await OpenAsync(maxScans: 10, slow);
        await AskForAsync(statuses, 2);
        slow.HangsAfter = 7;

        var outcome = await reconciler.ReconcileAsync(Stop);

        outcome.AskAgain.ShouldHaveSingleItem().ScanId.ShouldBe(Id(1));
        outcome.IsOutOfTime.ShouldBeTrue();
    }

    [Fact]
    public async Task Given_StorageThatHangs_When_NothingWasChanged_Then_TheRunHasFailed()
    {
        var slow = new SlowStorage(_clock);
        var (statuses, reconciler) = await OpenAsync(maxScans: 10, slow);
        await AskForAsync(statuses, 1);
        slow.HangsAfter = 0;
        await Should.ThrowAsync<OperationCanceledException>(() => reconciler.ReconcileAsync(Stop));
    }

    private static ScanId Id(int number) => ScanId.Parse($"{number:x16}");

    private ScanStatus Received(int number) => ScanStatus.Received(Id(number), "a.png", Now);

    /// <summary>Scans from 1 on that are overdue.</summary>
    private async Task AskForAsync(StatusStore statuses, int scans)
    {
        for (var n = 1; n <= scans; n++)
            await statuses.TryCreateAsync(Received(n).Requested(1, Now), Stop);
        _clock.Advance(TimeSpan.FromMinutes(11));
    }

    private async Task BreakAsync(string container, string document) =>
        await _storage!.GetBlobContainerClient(container).GetBlobClient(document).UploadAsync(new BinaryData("{"), overwrite: true, Stop);

    private static async Task<List<ScanId>> MarkedAsync(StatusStore statuses)
    {
        List<ScanId> marked = [];
        await foreach (var waiting in statuses.Waiting.ListAsync(Stop))
            marked.Add(waiting.ScanId);
        return marked;
    }

    /// <param name="slow">Of what the reconciler asks storage.</param>
    private async Task<(StatusStore, ScanReconciler)> OpenAsync(int maxScans, SlowStorage? slow = null)
    {
        var connection = await azurite.NewAccountAsync();
        _storage = new BlobServiceClient(connection);
        var options = new BlobClientOptions();
        if (slow is not null)
            options.AddPolicy(slow, HttpPipelinePosition.PerCall);
        var looked = new BlobServiceClient(connection, options);
        var statuses = new StatusStore(_storage.GetBlobContainerClient(Containers.Status));
        // As in an account that has been in use for a while.
        for (var run = 0; run < 2; run++)
            await statuses.MarkOlderAsync(() => false, Stop);
        var policy = new ReconcilePolicy(TimeSpan.FromMinutes(10), 10, maxScans);
        return (statuses, new ScanReconciler(new StatusStore(looked.GetBlobContainerClient(Containers.Status)), new ScanBlobs(looked), policy, _clock));
    }

    /// <summary>Lets time pass at each request, or hang for good.</summary>
    private sealed class SlowStorage(FakeTimeProvider clock) : HttpPipelinePolicy
    {
        private int _sent;

        public TimeSpan Each { get; set; }
        public int HangsAfter { get; set; } = int.MaxValue;

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (_sent++ >= HangsAfter)
            {
                clock.Advance(TimeSpan.FromMinutes(4));
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, message.CancellationToken);
            }
            clock.Advance(Each);
            await ProcessNextAsync(message, pipeline);
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();
    }
}
