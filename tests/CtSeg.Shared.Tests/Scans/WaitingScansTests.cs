using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.Scans;
using CtSeg.Testing;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.Shared.Tests.Scans;

/// <summary>The markers, by the writes of statuses that keep them and the look that reads them.</summary>
public sealed class WaitingScansTests(AzuriteFixture azurite)
{
    private static readonly ScanId Scan = ScanId.Parse("0011223344556677");
    private static readonly ScanFailure Lost = new(FailureReason.GaveUp, "No result came.", "Upload it again.");
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 15, 0, 0, TimeSpan.Zero));
    private DateTime Now => _clock.GetUtcNow().UtcDateTime;
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_AScan_When_ItGoesOn_Then_ItsMarkerIsThereUntilItEnds()
    {
        var statuses = Open(await azurite.NewAccountAsync());
        var read = (await statuses.TryCreateAsync(ScanStatus.Received(Scan, "a.png", Now), Stop)).ShouldNotBeNull();
        (await MarkersAsync(statuses)).ShouldBe([(Scan, 0, Now)]);
        var since = Now;
        _clock.Advance(TimeSpan.FromMinutes(1));

        read = (await statuses.TryReplaceAsync(read, read.Status.Requested(1, Now), Stop)).ShouldNotBeNull();
        (await MarkersAsync(statuses)).ShouldBe([(Scan, 0, since)]);
        await statuses.TryReplaceAsync(read, read.Status.Completed(new ScanResultSummary("v1", []), Now), Stop);

        (await MarkersAsync(statuses)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AScanThatFailed_When_Replayed_Then_ItsMarkerIsOfThatReplay()
    {
        var statuses = Open(await azurite.NewAccountAsync());
        var failed = (await statuses.TryCreateAsync(ScanStatus.Received(Scan, "a.png", Now).Failed(Lost, Now), Stop)).ShouldNotBeNull();
        (await MarkersAsync(statuses)).ShouldBeEmpty();
        _clock.Advance(TimeSpan.FromMinutes(1));

        await statuses.TryReplaceAsync(failed, failed.Status.Replayed("1", Now), Stop);

        (await MarkersAsync(statuses)).ShouldBe([(Scan, 1, Now)]);
    }

    [Fact]
    public async Task Given_MarkersBesideStatuses_When_ScansAreListed_Then_OnlyScans()
    {
        var statuses = Open(await azurite.NewAccountAsync());
        for (var n = 0; n < 3; n++)
            await statuses.TryCreateAsync(ScanStatus.Received(Id(n), "a.png", Now), Stop);
        List<ScanId> listed = [], paged = [];
        await foreach (var scan in statuses.ListAsync(Stop))
            listed.Add(scan.ScanId);
        string? next = null;
        do
        {
            var page = await statuses.ListPageAsync(2, next, Stop);
            paged.AddRange(page.Scans.Select(scan => scan.ScanId));
            next = page.Continuation;
        }
        while (next is not null);
        listed.ShouldBe([Id(0), Id(1), Id(2)]);
        paged.ShouldBe(listed);
    }

    [Fact]
    public async Task Given_MoreMarkersThanAPageHolds_When_ScansAreListed_Then_NoPageIsReadForMarkersAlone()
    {
        var statuses = Open(await azurite.NewAccountAsync());
        for (var n = 1; n <= 3; n++)
            await statuses.TryCreateAsync(ScanStatus.Received(Id(n), "a.png", Now), Stop);
        await statuses.ChangeAsync(Id(1), status => status.Failed(Lost, Now), Stop);
        for (var n = 4; n <= 9; n++)
            await statuses.Waiting.TryAddAsync(ScanStatus.Received(Id(n), "a.png", Now), Stop);

        var first = await statuses.ListPageAsync(2, null, Stop);
        var second = await statuses.ListPageAsync(2, first.Continuation, Stop);

        first.Scans.Select(scan => scan.ScanId).ShouldBe([Id(1), Id(2)]);
        second.Scans.ShouldHaveSingleItem().ScanId.ShouldBe(Id(3));
        second.Continuation.ShouldBeNull();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Given_AWriterCutOffAfterAnyRequest_When_ItIsDoneAgain_Then_NoWaitingScanIsWithoutItsMarker(int requests)
    {
        var connection = await azurite.NewAccountAsync();
        var statuses = Open(connection);
        await Should.ThrowAsync<CutOffException>(() => OneScanAsync(Open(connection, new CutOff(requests))));
        await ShouldBeMarkedIfWaitingAsync(statuses);

        await OneScanAsync(statuses);

        await ShouldBeMarkedIfWaitingAsync(statuses);
    }

    [Fact]
    public async Task Given_LeftOverMarkers_When_LookedAt_Then_TheyGoAndTellNothing()
    {
        var connection = await azurite.NewAccountAsync();
        var statuses = Open(connection);
        var ended = (await statuses.TryCreateAsync(ScanStatus.Received(Id(1), "a.png", Now), Stop)).ShouldNotBeNull();
        // Its end is stored, and its writer ends before the marker goes.
        await Should.ThrowAsync<CutOffException>(() => Open(connection, new CutOff(1)).TryReplaceAsync(ended, ended.Status.Failed(Lost, Now), Stop));
        // The same upload is announced once more.
        var done = ScanStatus.Received(Id(2), "a.png", Now);
        await statuses.TryCreateAsync(done.Failed(Lost, Now), Stop);
        (await statuses.TryCreateAsync(done, Stop)).ShouldBeNull();
        (await MarkersAsync(statuses)).Count.ShouldBe(2);
        _clock.Advance(TimeSpan.FromMinutes(11));

        var outcome = await Reconciler(connection, statuses).ReconcileAsync(Stop);

        (outcome.OldestWait, outcome.AskAgain.Count, outcome.GivenUp.Count).ShouldBe((TimeSpan.Zero, 0, 0));
        (await MarkersAsync(statuses)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AMarkerWithoutAStatus_When_LookedAt_Then_ItStaysForADayInCaseItsWriterIsSlow()
    {
        var connection = await azurite.NewAccountAsync();
        var statuses = Open(connection);
        await Should.ThrowAsync<CutOffException>(() => Open(connection, new CutOff(1)).TryCreateAsync(ScanStatus.Received(Scan, "a.png", Now), Stop));
        _clock.Advance(TimeSpan.FromHours(24));
        await Reconciler(connection, statuses).ReconcileAsync(Stop);
        (await MarkersAsync(statuses)).Count.ShouldBe(1);
        _clock.Advance(TimeSpan.FromTicks(1));

        await Reconciler(connection, statuses).ReconcileAsync(Stop);

        (await MarkersAsync(statuses)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ALeftOverMarkerThatIsTakenUpAgain_When_ItsRemovalComesLate_Then_ItStays()
    {
        var connection = await azurite.NewAccountAsync();
        var statuses = Open(connection);
        await Should.ThrowAsync<CutOffException>(() => Open(connection, new CutOff(1)).TryCreateAsync(ScanStatus.Received(Scan, "a.png", Now), Stop));
        var seen = await FirstAsync(statuses);

        await statuses.TryCreateAsync(ScanStatus.Received(Scan, "a.png", Now), Stop);
        await statuses.Waiting.RemoveLeftOverAsync(seen, Stop);

        (await MarkersAsync(statuses)).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(40)]
    public async Task Given_ScansThatEnded_When_LookedForWaitingOnes_Then_TheyCostNothing(int scans)
    {
        var (connection, statuses) = await OpenUsedAsync();
        for (var n = 1; n <= scans; n++)
            await statuses.TryCreateAsync(ScanStatus.Received(Id(n), "a.png", Now).Failed(Lost, Now), Stop);
        await statuses.TryCreateAsync(ScanStatus.Received(Scan, "a.png", Now).Requested(1, Now), Stop);
        _clock.Advance(TimeSpan.FromMinutes(9));
        var requests = new CutOff(int.MaxValue);

        (await Reconciler(connection, Open(connection, requests)).ReconcileAsync(Stop)).OldestWait.ShouldBe(TimeSpan.FromMinutes(9));

        // The note about older scans, and the listing.
        requests.Sent.ShouldBe(2);
    }

    [Fact]
    public async Task Given_ManyScansInALongQueue_When_LookedAtAgain_Then_NoneIsReadBeforeItCanBeOverdue()
    {
        var (connection, statuses) = await OpenUsedAsync();
        for (var n = 1; n <= 5; n++)
            await statuses.TryCreateAsync(ScanStatus.Received(Id(n), "a.png", Now).Requested(1, Now), Stop);
        _clock.Advance(TimeSpan.FromMinutes(11));
        (await Reconciler(connection, statuses).ReconcileAsync(Stop)).AskAgain.Count.ShouldBe(5);
        _clock.Advance(TimeSpan.FromMinutes(19));
        var requests = new CutOff(int.MaxValue);

        (await Reconciler(connection, Open(connection, requests)).ReconcileAsync(Stop)).OldestWait.ShouldBe(TimeSpan.FromMinutes(30));

        // The note about older scans, and the listing.
        requests.Sent.ShouldBe(2);
        _clock.Advance(TimeSpan.FromMinutes(2));
        (await Reconciler(connection, statuses).ReconcileAsync(Stop)).AskAgain.Count.ShouldBe(5);
    }

    [Fact]
    public async Task Given_ASliceThatIsTakenInLate_When_ItsRequestGetsLost_Then_ItIsAskedForAgainAsSoonAsAnyOther()
    {
        var connection = await azurite.NewAccountAsync();
        var statuses = Open(connection);
        await statuses.TryCreateAsync(ScanStatus.Received(Scan, "a.png", Now), Stop);
        _clock.Advance(TimeSpan.FromMinutes(15));
        (await Reconciler(connection, statuses).ReconcileAsync(Stop)).AskAgain.ShouldBeEmpty();
        await statuses.ChangeAsync(Scan, status => status.Requested(1, Now), Stop);
        _clock.Advance(TimeSpan.FromMinutes(11));

        (await Reconciler(connection, statuses).ReconcileAsync(Stop)).AskAgain.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Given_AScanThatEndsWhileItIsLookedAt_When_Postponed_Then_ItsMarkerDoesNotComeBack()
    {
        var statuses = Open(await azurite.NewAccountAsync());
        var read = (await statuses.TryCreateAsync(ScanStatus.Received(Scan, "a.png", Now), Stop)).ShouldNotBeNull();
        var seen = await FirstAsync(statuses);
        await statuses.TryReplaceAsync(read, read.Status.Failed(Lost, Now), Stop);

        await statuses.Waiting.PostponeAsync(seen, Now, Stop);

        (await MarkersAsync(statuses)).ShouldBeEmpty();
    }

    private async Task OneScanAsync(StatusStore statuses)
    {
        var received = ScanStatus.Received(Scan, "a.png", Now);
        var read = await statuses.TryCreateAsync(received, Stop) ?? (await statuses.FindAsync(Scan, Stop)).ShouldNotBeNull();
        await statuses.ChangeAsync(read, status => status.IsTerminal ? null : status.Requested(1, Now), Stop);
        await statuses.ChangeAsync(Scan, status => status.IsTerminal ? null : status.Failed(Lost, Now), Stop);
    }

    private static async Task ShouldBeMarkedIfWaitingAsync(StatusStore statuses)
    {
        if (await statuses.FindAsync(Scan, Stop) is { Status.IsTerminal: false })
            (await MarkersAsync(statuses)).Count.ShouldBe(1);
    }

    private static async Task<List<(ScanId, int, DateTime)>> MarkersAsync(StatusStore statuses)
    {
        List<(ScanId, int, DateTime)> markers = [];
        await foreach (var waiting in statuses.Waiting.ListAsync(Stop))
            markers.Add((waiting.ScanId, waiting.Replays, waiting.Since));
        return markers;
    }

    private static async Task<WaitingScan> FirstAsync(StatusStore statuses)
    {
        await foreach (var waiting in statuses.Waiting.ListAsync(Stop))
            return waiting;
        throw new InvalidOperationException("There is no marker.");
    }

    private static ScanId Id(int number) => ScanId.Parse($"{number:x16}");

    private ScanReconciler Reconciler(string connection, StatusStore statuses) =>
        new(statuses, new ScanBlobs(new BlobServiceClient(connection)), new ReconcilePolicy(TimeSpan.FromMinutes(10), 4, 10), _clock);

    /// <summary>An account in which the scans of older versions were marked long ago.</summary>
    private async Task<(string, StatusStore)> OpenUsedAsync()
    {
        var connection = await azurite.NewAccountAsync();
        var statuses = Open(connection);
        for (var run = 0; run < 2; run++)
            await statuses.MarkOlderAsync(() => false, Stop);
        return (connection, statuses);
    }

    private static StatusStore Open(string connection, CutOff? cutOff = null)
    {
        var options = new BlobClientOptions { Retry = { MaxRetries = 0 } };
        if (cutOff is not null)
            options.AddPolicy(cutOff, HttpPipelinePosition.PerCall);
        return new StatusStore(new BlobServiceClient(connection, options).GetBlobContainerClient(Containers.Status));
    }

    /// <summary>Lets so many requests through, then none: as if the process had been killed there.</summary>
    private sealed class CutOff(int requests) : HttpPipelineSynchronousPolicy
    {
        public int Sent { get; private set; }

        public override void OnSendingRequest(HttpMessage message)
        {
            if (Sent == requests)
                throw new CutOffException();
            Sent++;
        }
    }

    private sealed class CutOffException : Exception;
}
