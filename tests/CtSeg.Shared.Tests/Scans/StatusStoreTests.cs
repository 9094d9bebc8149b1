using Azure;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Scans;
using CtSeg.Testing;

namespace CtSeg.Shared.Tests.Scans;

public sealed class StatusStoreTests(AzuriteFixture azurite)
{
    private static readonly ScanId Scan = ScanId.Parse("0011223344556677");
    private static readonly DateTime Now = new(2026, 11, 23, 15, 12, 5, DateTimeKind.Utc);
    private static readonly ScanStatus Received = ScanStatus.Received(Scan, "a.png", Now);
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_TwoWriters_When_BothCreate_Then_OneIsTold()
    {
        var store = await OpenAsync();
        var created = await Task.WhenAll(store.TryCreateAsync(Received, Stop), store.TryCreateAsync(Received, Stop));
        created.Count(stored => stored is not null).ShouldBe(1);
    }

    [Fact]
    public async Task Given_TwoWriters_When_BothReplace_Then_TheSecondIsRefused()
    {
        var store = await OpenAsync();
        var read = (await store.TryCreateAsync(Received, Stop)).ShouldNotBeNull();
        (await store.TryReplaceAsync(read, Received.Requested(1, Now), Stop)).ShouldNotBeNull();
        (await store.TryReplaceAsync(read, Received.Segmenting(Now), Stop)).ShouldBeNull();
        (await store.FindAsync(Scan, Stop)).ShouldNotBeNull().Status.State.ShouldBe(ScanState.Preprocessed);
    }

    [Fact]
    public async Task Given_ManyWriters_When_AllChange_Then_NoChangeIsLost()
    {
        var store = await OpenAsync();
        await store.TryCreateAsync(Received, Stop);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => store.ChangeAsync(Scan, s => s.Requested(s.Attempt + 1, Now), Stop)));
        var status = (await store.FindAsync(Scan, Stop)).ShouldNotBeNull().Status;
        (status.Attempt, status.Timeline.Count).ShouldBe((4, 5));
    }

    [Fact]
    public async Task Given_StaleRead_When_Changed_Then_ChangeSeesTheNewerDocument()
    {
        var store = await OpenAsync();
        var stale = (await store.TryCreateAsync(Received, Stop)).ShouldNotBeNull();
        await store.ChangeAsync(Scan, s => s.Requested(1, Now), Stop);
        var (stored, written) = await store.ChangeAsync(stale, s => s.State == ScanState.Received ? s.Requested(9, Now) : null, Stop);
        (stored.Status.Attempt, written).ShouldBe((1, false));
    }

    [Fact]
    public async Task Given_UnknownScan_When_Asked_Then_Null()
    {
        var store = await OpenAsync();
        (await store.FindAsync(Scan, Stop)).ShouldBeNull();
        (await store.ChangeAsync(Scan, s => s, Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_NoContainer_When_Asked_Then_AFaultAndNotAnUnknownScan()
    {
        var storage = new BlobServiceClient(await azurite.NewAccountAsync());
        var store = new StatusStore(storage.GetBlobContainerClient("absent"));
        await Should.ThrowAsync<RequestFailedException>(() => store.FindAsync(Scan, Stop));
        await Should.ThrowAsync<RequestFailedException>(() => store.TryCreateAsync(Received, Stop));
    }

    [Fact]
    public async Task Given_AnyName_When_Listed_Then_ReadFromTheListingAlone()
    {
        var store = await OpenAsync();
        string[] names = ["a.png", "ä ö/%20+&.png", new string('漢', 1024)];
        for (var n = 0; n < names.Length; n++)
            await store.TryCreateAsync(ScanStatus.Received(ScanId.Parse($"{n:x16}"), names[n], Now).Requested(n + 1, Now.AddTicks(1)), Stop);
        var listed = new List<ScanListing>();
        await foreach (var scan in store.ListAsync(Stop))
            listed.Add(scan);
        listed.ShouldBe(names.Select((name, n) => new ScanListing(ScanId.Parse($"{n:x16}"), name, ScanState.Preprocessed, n + 1, Now.AddTicks(1))));
        listed.ShouldAllBe(scan => scan.LastChange.Kind == DateTimeKind.Utc);
    }

    [Fact]
    public async Task Given_AScanThatFailedAndWasReplayed_When_Listed_Then_TheListingSaysWhyAndHowOften()
    {
        var store = await OpenAsync();
        var failed = Received.Requested(1, Now).Failed(new ScanFailure(FailureReason.GaveUp, "It never came.", "Wait."), Now);
        var stored = (await store.TryCreateAsync(failed.Replayed($"{Scan}-1", Now).Failed(failed.Failure!, Now), Stop)).ShouldNotBeNull();
        (await store.ListPageAsync(10, null, Stop)).Scans.ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(scan => scan.Failure.ShouldBe(FailureReason.GaveUp), scan => scan.Replays.ShouldBe(1), scan => scan.Attempt.ShouldBe(2));

        await store.TryReplaceAsync(stored, stored.Status.Replayed($"{Scan}-2", Now), Stop);

        (await store.ListPageAsync(10, null, Stop)).Scans.ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(scan => scan.Failure.ShouldBeNull(), scan => scan.Replays.ShouldBe(2), scan => scan.State.ShouldBe(ScanState.Preprocessed));
    }

    [Fact]
    public void Given_ACompletedScan_When_Replayed_Then_Refused() => Should.Throw<InvalidOperationException>(() =>
        Received.Requested(1, Now).Completed(new ScanResultSummary("v1", []), Now).Replayed($"{Scan}-1", Now));

    [Fact]
    public async Task Given_ForeignBlob_When_Listed_Then_LeftOut()
    {
        var container = new BlobServiceClient(await azurite.NewAccountAsync()).GetBlobContainerClient(Containers.Status);
        await container.GetBlobClient("note.txt").UploadAsync(BinaryData.FromString("x"), Stop);
        await container.GetBlobClient(BlobPaths.Status(Scan)).UploadAsync(BinaryData.FromString("{}"), Stop);
        (await new StatusStore(container).ListPageAsync(10, null, Stop)).Scans.ShouldBeEmpty();
    }

    private async Task<StatusStore> OpenAsync() =>
        new(new BlobServiceClient(await azurite.NewAccountAsync()).GetBlobContainerClient(Containers.Status));
}
