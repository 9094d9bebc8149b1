using CtSeg.Contracts;
using CtSeg.Erasure;
using CtSeg.Recovery;
using CtSeg.Scans;
using CtSeg.TrainingRuns;

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
    public async Task Given_ALetterOfAMaskThatWentAgain_When_ItsScanIsForgotten_Then_NoVersionOfItIsLeft()
    {
        var storage = new VersionedStorage();
        var world = new ErasureWorld(storage.Connect());
        var scan = await world.CompleteAsync("patient 7/1.png", ErasureWorld.Picture(1));
        await world.UploadCorrectionAsync(scan, ErasureWorld.Mask(1));
        var lost = new LostCorrections(world.Corrections(world.Storage), new ScanBlobs(world.Storage), world.Storage.GetBlobContainerClient(Containers.Audit));
        await lost.RecordAsync(BlobPaths.Correction(scan), etag: null, new DeadLetter("{}"), Stop);
        await lost.ForgetAsync(scan, Stop);
        storage.Left.Count(blob => blob.StartsWith("audit/dead-letters/", StringComparison.Ordinal)).ShouldBe(1);

        (await world.Erasure().ForgetAsync(ErasureTarget.OfScan(scan), Stop)).IsDone.ShouldBeTrue();

        storage.Left.ShouldNotContain(blob => blob.StartsWith("audit/dead-letters/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Given_ARunWithEpochs_When_ItEndsOrItsDataAreForgotten_Then_NoVersionOfItsWeightsReportOrShadowIsLeft()
    {
        var storage = new VersionedStorage();
        var world = new ErasureWorld(storage.Connect());
        var scan = await world.CompleteAsync("patient 7/1.png", ErasureWorld.Picture(1));
        await world.CorrectAsync(scan, ErasureWorld.Mask(1));
        var data = await world.Data.SnapshotAsync(Stop);
        var run = TrainingRunStatus.Requested("20261123-150000-aaaaaa", new TrainingRunRequest("schedule"), world.Now) with { DataSet = data.Version };
        var runs = new TrainingRunStore(world.Storage, world.Clock);
        foreach (var (id, ends) in new[] { (run.Id, false), ("20261123-150000-bbbbbb", true) })
        {
            await world.RunAsync(run with { Id = id });
            for (var epoch = 0; epoch < 3; epoch++)
                await world.PutAsync(Containers.TrainingRuns, BlobPaths.TrainingCheckpoint(id), new BinaryData($"weights {epoch}"));
            await world.PutAsync(Containers.TrainingRuns, BlobPaths.TrainingReport(id), new BinaryData("another"));
            if (ends)
                await runs.EndAsync(id, TrainingRunState.Failed, "By hand.", Stop);
        }
        storage.Left.Count(blob => blob.Contains("bbbbbb/checkpoint", StringComparison.Ordinal)).ShouldBe(0);
        storage.Left.Count(blob => blob.Contains("aaaaaa/checkpoint", StringComparison.Ordinal)).ShouldBe(4);
        var shadows = new ShadowResultStore(world.Storage);
        var result = TrainingRuns.ShadowSummariesTests.Failed() with { RunId = run.Id, ScanId = scan };
        await shadows.TryStoreAsync(result, Stop);
        await shadows.RemoveAsync(run.Id, scan, Stop);
        storage.Left.ShouldNotContain(blob => blob.Contains("/shadow/", StringComparison.Ordinal));
        await shadows.TryStoreAsync(result, Stop);

        (await world.Erasure().ForgetAsync(ErasureTarget.OfScan(scan), Stop)).IsDone.ShouldBeTrue();

        storage.Left.Where(blob => blob.StartsWith("training-runs/", StringComparison.Ordinal) && blob.Contains("aaaaaa/", StringComparison.Ordinal)).ShouldBeEmpty();
        storage.Left.Where(blob => blob.StartsWith("training-runs/", StringComparison.Ordinal) && blob.Contains("bbbbbb/", StringComparison.Ordinal)).ShouldBeEmpty();
        storage.Left.ShouldNotContain(blob => blob.StartsWith("training-data/images/", StringComparison.Ordinal) || blob.StartsWith("training-data/masks/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Given_ARoleThatMayNotDeleteVersions_When_ARunEnds_Then_TheNextOneCanBegin()
    {
        var world = new ErasureWorld(new VersionedStorage { MayDeleteVersions = false }.Connect());
        var runs = new TrainingRunStore(world.Storage, world.Clock);
        var (run, _) = await runs.RequestAsync(new TrainingRunRequest("schedule"), Stop);
        for (var epoch = 0; epoch < 3; epoch++)
            await world.PutAsync(Containers.TrainingRuns, BlobPaths.TrainingCheckpoint(run.Id), new BinaryData($"weights {epoch}"));

        await runs.EndAsync(run.Id, TrainingRunState.Failed, "By hand.", Stop);

        (await runs.RequestAsync(new TrainingRunRequest("schedule"), Stop)).IsNew.ShouldBeTrue();
        (await world.Storage.GetBlobContainerClient(Containers.TrainingRuns).GetBlobClient(BlobPaths.TrainingCheckpoint(run.Id)).ExistsAsync(Stop)).Value.ShouldBeFalse();
    }

    [Fact]
    public async Task Given_LockedPictures_When_OneIsForgotten_Then_NoVersionOfTheDocumentHasIt()
    {
        var storage = new VersionedStorage();
        var world = new ErasureWorld(storage.Connect());
        // Locked by their names at the default rule.
        var gone = await world.ImportAsync("a", "g08", ErasureWorld.Picture(1), ErasureWorld.Mask(1));
        await world.Data.LockAsync(await world.Data.SnapshotAsync(Stop), Stop);
        await world.ImportAsync("b", "g21", ErasureWorld.Picture(2), ErasureWorld.Mask(1));
        await world.Data.LockAsync(await world.Data.SnapshotAsync(Stop), Stop);
        var picture = (await world.Data.FindAsync(gone, Stop)).ShouldNotBeNull().Picture;
        storage.Left.Count(blob => blob.StartsWith("training-data/evaluation-sets/locked.json", StringComparison.Ordinal)).ShouldBe(2);

        await world.Erasure().ForgetAsync(ErasureTarget.OfScan(gone), Stop);

        storage.Left.Count(blob => blob.StartsWith("training-data/evaluation-sets/locked.json", StringComparison.Ordinal)).ShouldBe(1);
        var left = await world.ReadAsync(Containers.TrainingData, BlobPaths.LockedPictures);
        left.ShouldNotContain(picture.Sha256);
        left.ShouldContain("fingerprint");
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
