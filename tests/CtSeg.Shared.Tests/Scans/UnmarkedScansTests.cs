using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.Scans;
using CtSeg.Testing;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.Shared.Tests.Scans;

/// <summary>Statuses as a version without markers left them.</summary>
public sealed class UnmarkedScansTests(AzuriteFixture azurite)
{
    private static readonly ScanFailure Lost = new(FailureReason.GaveUp, "No result came.", "Upload it again.");
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 15, 0, 0, TimeSpan.Zero));
    private DateTime Now => _clock.GetUtcNow().UtcDateTime;
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_AScanThatWaitedAtTheUpgrade_When_LookedForWaitingOnes_Then_ItIsAskedForAgain()
    {
        var connection = await azurite.NewAccountAsync();
        var statuses = new StatusStore(StatusesOf(connection));
        await LeaveAsync(statuses, Received(1).Requested(1, Now), Received(2).Requested(1, Now).Failed(Lost, Now), Received(3));
        _clock.Advance(TimeSpan.FromMinutes(11));
        var reconciler = new ScanReconciler(statuses, new ScanBlobs(new BlobServiceClient(connection)), new ReconcilePolicy(TimeSpan.FromMinutes(10), 4, 10), _clock);

        (await reconciler.ReconcileAsync(Stop)).AskAgain.ShouldBeEmpty();
        var outcome = await reconciler.ReconcileAsync(Stop);

        outcome.AskAgain.ShouldHaveSingleItem().ScanId.ShouldBe(Id(1));
        outcome.OldestWait.ShouldBe(TimeSpan.FromMinutes(11));
        (await MarkedAsync(statuses)).ShouldBe([Id(1), Id(3)]);
    }

    [Fact]
    public async Task Given_MorePagesThanOneRunHasTimeFor_When_Marked_Then_TheNextRunsGoOn()
    {
        var container = StatusesOf(await azurite.NewAccountAsync());
        var statuses = new StatusStore(container);
        await LeaveAsync(statuses, [.. Enumerable.Range(1, 5).Select(Received)]);
        var unmarked = new UnmarkedScans(container, statuses, pageSize: 2);
        List<int> marked = [];

        for (var run = 0; run < 4; run++)
        {
            await unmarked.MarkAsync(() => true, Stop);
            marked.Add((await MarkedAsync(statuses)).Count);
        }

        marked.ShouldBe([0, 2, 4, 5]);
    }

    [Fact]
    public async Task Given_AllAreMarked_When_MarkedAgain_Then_OnlyTheNoteIsRead()
    {
        var connection = await azurite.NewAccountAsync();
        var statuses = new StatusStore(StatusesOf(connection));
        for (var run = 0; run < 2; run++)
            await statuses.MarkOlderAsync(() => false, Stop);
        await LeaveAsync(statuses, Received(1));
        var requests = new Answers(_ => { });

        await new StatusStore(StatusesOf(connection, requests)).MarkOlderAsync(() => false, Stop);

        requests.Sent.ShouldBe(1);
        (await MarkedAsync(statuses)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AMarkerThatIsThere_When_Marked_Then_ItStaysAsItIs()
    {
        var statuses = new StatusStore(StatusesOf(await azurite.NewAccountAsync()));
        await statuses.TryCreateAsync(Received(1), Stop);
        var seen = (await WaitingAsync(statuses)).Single();
        await statuses.Waiting.PostponeAsync(seen, Now.AddHours(1), Stop);

        for (var run = 0; run < 2; run++)
            await statuses.MarkOlderAsync(() => false, Stop);

        (await WaitingAsync(statuses)).ShouldHaveSingleItem().NotBefore.ShouldBe(Now.AddHours(1));
    }

    [Fact]
    public async Task Given_AStatusThatCannotBeRead_When_Marked_Then_ItIsMarkedByItsListing()
    {
        var container = StatusesOf(await azurite.NewAccountAsync());
        var statuses = new StatusStore(container);
        await LeaveAsync(statuses, Received(1));
        var blob = container.GetBlobClient(BlobPaths.Status(Id(1)));
        var metadata = (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value.Metadata;
        await blob.UploadAsync(new BinaryData("{"), new BlobUploadOptions { Metadata = metadata }, Stop);

        for (var run = 0; run < 2; run++)
            await statuses.MarkOlderAsync(() => false, Stop);

        (await MarkedAsync(statuses)).ShouldBe([Id(1)]);
    }

    [Fact]
    public async Task Given_StorageThatRefusesItsOwnContinuation_When_Marked_Then_FromTheFirstPageAgain()
    {
        var connection = await azurite.NewAccountAsync();
        var statuses = new StatusStore(StatusesOf(connection));
        await LeaveAsync(statuses, [.. Enumerable.Range(1, 3).Select(Received)]);
        var refusals = 0;
        var forgetful = StatusesOf(connection, new Answers(message =>
        {
            if (message.Request.Uri.Query.Contains("marker=", StringComparison.Ordinal) && refusals++ == 0)
                throw new RequestFailedException(400, "The continuation is out of range.");
        }));
        var unmarked = new UnmarkedScans(forgetful, new StatusStore(forgetful), pageSize: 2);

        for (var run = 0; run < 2; run++)
            await unmarked.MarkAsync(() => false, Stop);

        refusals.ShouldBeGreaterThan(1);
        (await MarkedAsync(statuses)).ShouldBe([Id(1), Id(2), Id(3)]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("next")]
    [InlineData("done")]
    public async Task Given_ANoteThatNobodyUnderstands_When_Marked_Then_FromTheFirstPage(string note)
    {
        var container = StatusesOf(await azurite.NewAccountAsync());
        var statuses = new StatusStore(container);
        await LeaveAsync(statuses, Received(1));
        await container.GetBlobClient(BlobPaths.MarkedScans).UploadAsync(new BinaryData(note), overwrite: true, Stop);

        await statuses.MarkOlderAsync(() => false, Stop);

        (await MarkedAsync(statuses)).ShouldBe([Id(1)]);
        (await container.GetBlobClient(BlobPaths.MarkedScans).DownloadContentAsync(Stop)).Value.Content.ToString().ShouldBe("through");
    }

    [Fact]
    public async Task Given_MoreThanAHundredScans_When_MarkedInLittleTime_Then_AHundredAreDoneAndNoted()
    {
        var statuses = new StatusStore(StatusesOf(await azurite.NewAccountAsync()));
        await LeaveAsync(statuses, [.. Enumerable.Range(1, 101).Select(Received)]);

        for (var run = 0; run < 2; run++)
            await statuses.MarkOlderAsync(() => true, Stop);

        (await MarkedAsync(statuses)).Count.ShouldBe(100);
    }

    private static ScanId Id(int number) => ScanId.Parse($"{number:x16}");

    private ScanStatus Received(int number) => ScanStatus.Received(Id(number), "a.png", Now);

    private static async Task LeaveAsync(StatusStore statuses, params IReadOnlyList<ScanStatus> left)
    {
        foreach (var status in left)
            await statuses.TryCreateAsync(status, Stop);
        foreach (var marker in await WaitingAsync(statuses))
            await statuses.Waiting.RemoveLeftOverAsync(marker, Stop);
    }

    private static async Task<List<WaitingScan>> WaitingAsync(StatusStore statuses)
    {
        List<WaitingScan> waiting = [];
        await foreach (var scan in statuses.Waiting.ListAsync(Stop))
            waiting.Add(scan);
        return waiting;
    }

    private static async Task<List<ScanId>> MarkedAsync(StatusStore statuses) => [.. (await WaitingAsync(statuses)).Select(scan => scan.ScanId)];

    private static BlobContainerClient StatusesOf(string connection, HttpPipelinePolicy? policy = null)
    {
        var options = new BlobClientOptions();
        if (policy is not null)
            options.AddPolicy(policy, HttpPipelinePosition.PerCall);
        return new BlobServiceClient(connection, options).GetBlobContainerClient(Containers.Status);
    }

    /// <summary>Sees every request.</summary>
    private sealed class Answers(Action<HttpMessage> look) : HttpPipelineSynchronousPolicy
    {
        public int Sent { get; private set; }

        public override void OnSendingRequest(HttpMessage message)
        {
            Sent++;
            look(message);
        }
    }
}
