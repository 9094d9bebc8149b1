using CtSeg.Contracts;
using CtSeg.Erasure;

namespace CtSeg.Shared.Tests.Erasure;

public sealed class VersionedErasureTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_AnAccountWithVersions_When_AGroupIsForgotten_Then_NoVersionIsLeft()
    {
        var storage = new VersionedStorage();
        var world = new ErasureWorld(storage.Connect());
        // Taken in and corrected twice; a slice under a name that held another before; one whose upload was deleted by hand.
        var scan = await world.CompleteAsync("patient 7/1.png", ErasureWorld.Picture(1));
        await world.CorrectAsync(scan, ErasureWorld.Mask(1));
        await world.CorrectAsync(scan, ErasureWorld.Mask(2));
        await world.UploadAsync("patient 7/1.png", ErasureWorld.Picture(2));
        await world.CompleteAsync("patient 7/3.png", ErasureWorld.Picture(3));
        await world.Storage.GetBlobContainerClient(Containers.Slices).GetBlobClient("patient 7/3.png").DeleteAsync(cancellationToken: Stop);
        await world.Data.SnapshotAsync(Stop);
        var other = await world.CompleteAsync("patient 8/1.png", ErasureWorld.Picture(8));
        var kept = storage.Left.Where(blob => blob.Contains("patient 8", StringComparison.Ordinal) || blob.Contains(other.ToString(), StringComparison.Ordinal)).ToList();
        storage.Left.Count(blob => blob.StartsWith("slices/patient 7/", StringComparison.Ordinal)).ShouldBe(3);

        var report = await world.Erasure().ForgetAsync(ErasureTarget.OfGroup("patient 7"), Stop);

        report.IsDone.ShouldBeTrue();
        storage.Left.Where(blob => !blob.StartsWith("audit/", StringComparison.Ordinal) && !blob.StartsWith("training-data/salt.json", StringComparison.Ordinal)
            && !blob.StartsWith("training-data/evaluation-sets/rule.json", StringComparison.Ordinal)).ShouldBe(kept, ignoreOrder: true);
        kept.Count.ShouldBeGreaterThan(6);
    }

    [Fact]
    public async Task Given_OneScanOfAName_When_Forgotten_Then_TheOtherVersionsOfTheNameStay()
    {
        var storage = new VersionedStorage();
        var world = new ErasureWorld(storage.Connect());
        var first = await world.CompleteAsync("patient 7/1.png", ErasureWorld.Picture(1));
        var second = await world.CompleteAsync("patient 7/1.png", ErasureWorld.Picture(2));

        await world.Erasure().ForgetAsync(ErasureTarget.OfScan(first), Stop);

        storage.Left.Count(blob => blob.StartsWith("slices/", StringComparison.Ordinal)).ShouldBe(1);
        (await world.Storage.GetBlobContainerClient(Containers.Slices).GetBlobClient("patient 7/1.png").DownloadContentAsync(Stop)).Value.Content.ToArray()
            .ShouldBe(ErasureWorld.Picture(2));
        storage.Left.ShouldNotContain(blob => blob.Contains(first.ToString(), StringComparison.Ordinal) && !blob.StartsWith("audit/", StringComparison.Ordinal));
        storage.Left.Count(blob => blob.Contains(second.ToString(), StringComparison.Ordinal)).ShouldBeGreaterThan(5);
    }
}
