using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Scans;
using CtSeg.Telemetry;
using CtSeg.Testing;

namespace CtSeg.Shared.Tests.Telemetry;

public sealed class MetersTests(AzuriteFixture azurite)
{
    private static readonly ScanId Scan = ScanId.Parse("0011223344556677");
    private static readonly DateTime Now = new(2026, 11, 23, 15, 12, 5, DateTimeKind.Utc);
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_Scan_When_ItsStatusIsWritten_Then_EachStateCountsOnce()
    {
        var store = new StatusStore(new BlobServiceClient(await azurite.NewAccountAsync()).GetBlobContainerClient(Containers.Status));
        using var measured = new RecordedMeasurements();
        var received = ScanStatus.Received(Scan, "a.png", Now);
        var read = (await store.TryCreateAsync(received, Stop)).ShouldNotBeNull();

        (await store.TryCreateAsync(received, Stop)).ShouldBeNull();
        await store.ChangeAsync(read, status => status.Requested(1, Now), Stop);
        (await store.TryReplaceAsync(read, received.Segmenting(Now), Stop)).ShouldBeNull();
        await store.ChangeAsync(Scan, status => status.Failed(new ScanFailure(FailureReason.GaveUp, "No result came.", "Upload it again."), Now), Stop);

        measured.Of(Meters.Scans).ShouldBe([(1, "state=received"), (1, "state=preprocessed"), (1, "state=failed")]);
        measured.Of(Meters.ScansEnded).ShouldBe([(1, "state=failed,reason=gave-up")]);
    }

    [Fact]
    public void Given_ClockBehindTheBrokers_When_MessageIsReceived_Then_ItsAgeIsNotNegative()
    {
        using var measured = new RecordedMeasurements();
        Meters.Received(Queues.SegmentationRequests, TimeSpan.FromSeconds(-2));
        Meters.Received(Queues.SegmentationRequests, TimeSpan.FromMinutes(2));
        measured.Of(Meters.QueueAge).ShouldBe([(0, "messaging.destination.name=segmentation-requests"), (120, "messaging.destination.name=segmentation-requests")]);
    }
}
