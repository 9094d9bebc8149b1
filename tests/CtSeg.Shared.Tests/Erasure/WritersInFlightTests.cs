using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Measurements;
using CtSeg.Recovery;
using CtSeg.Scans;
using CtSeg.Testing;

namespace CtSeg.Shared.Tests.Erasure;

/// <summary>A slice is forgotten in the middle of somebody's work on it, before each of the writes: nothing of it may be left when that work ends.</summary>
public sealed class WritersInFlightTests(AzuriteFixture azurite)
{
    private const string Name = "patient 7/slice-1.png";
    private static readonly byte[] Image = ErasureWorld.Picture(1);
    private static readonly ScanId Scan = ScanId.FromContent(Name, Image);
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Given_AnIntake_When_TheSliceIsForgottenInTheMiddle_Then_NothingIsLeft(int write)
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        await world.UploadAsync(Name, Image);
        var interrupted = Forget(world, write);

        try
        {
            (await world.Intake(interrupted.Connect(account)).AcceptAsync(Name, Image, Stop)).IsToBeRequested.ShouldBeFalse();
        }
        catch (InvalidOperationException)
        {
            // Its status is gone; the host tries again and finds no upload.
            await new PoisonedSlices(new StatusStore(world.Storage.GetBlobContainerClient(Containers.Status)), new ScanBlobs(world.Storage), 1024, world.Clock)
                .RecordAsync(Name, null, Stop);
        }

        interrupted.Writes.ShouldBeGreaterThan(write);
        (await world.BlobsAsync()).Keys.ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AnIntakeThatRepeats_When_TheSliceIsForgotten_Then_NothingIsLeft()
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        await world.UploadAsync(Name, Image);
        await world.Erasure().ForgetAsync(ErasureTarget.OfScan(Scan), Stop);

        // The host read the content before the erasure, and hands it over after it.
        (await world.Intake(world.Storage).AcceptAsync(Name, Image, Stop)).IsErased.ShouldBeTrue();

        (await world.BlobsAsync()).Keys.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Given_ACorrection_When_TheSliceIsForgottenInTheMiddle_Then_NothingIsLeft(int write)
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        await world.CompleteAsync(Name, Image);
        await world.UploadCorrectionAsync(Scan, ErasureWorld.Mask(1));
        var interrupted = Forget(world, write);

        (await world.Corrections(interrupted.Connect(account)).AcceptAsync(BlobPaths.Correction(Scan), Stop)).Outcome.ShouldBeNull();

        interrupted.Writes.ShouldBeGreaterThan(write);
        (await world.BlobsAsync()).Keys.ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ACorrectionWithACommonMask_When_ItIsTakenBack_Then_TheOtherSliceKeepsIt()
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        await world.CompleteAsync(Name, Image);
        var other = await world.CompleteAsync("patient 8/slice-1.png", ErasureWorld.Picture(2));
        await world.CorrectAsync(other, ErasureWorld.Mask(1));
        var before = await world.BlobsAsync();
        await world.UploadCorrectionAsync(Scan, ErasureWorld.Mask(1));

        await world.Corrections(Forget(world, 2).Connect(account)).AcceptAsync(BlobPaths.Correction(Scan), Stop);

        var left = await world.BlobsAsync();
        left.ShouldBe(before.Where(blob => !blob.Key.Contains(Scan.ToString(), StringComparison.Ordinal) && !blob.Key.Contains("patient 7", StringComparison.Ordinal)), ignoreOrder: true);
    }

    [Fact]
    public async Task Given_AMaskThatJoinsWhileItsOnlyUserIsForgotten_When_BothEnd_Then_ItIsThere()
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        var gone = await world.ImportAsync("a", "patient 7", ErasureWorld.Picture(1), ErasureWorld.Mask(1));
        // The new slice finds the mask stored, and its document is not written yet when the mask is removed.
        var image = new BinaryData(ErasureWorld.Picture(2));
        var joining = new NewSlice(NewSlice.IdOf("b", image), "b", "patient 8", image, ErasureWorld.Mask(1), new SliceOrigin(SliceOrigins.Import, world.Now));
        var slow = new Interruptions { Before = (2, () => world.Erasure().ForgetAsync(ErasureTarget.OfScan(gone), Stop)) };

        var stored = await new DataSetStore(slow.Connect(account), world.Clock).AddAsync(joining, Stop);

        (await world.Data.ReadMaskAsync(stored.Slice.MaskSha256, Stop)).ToArray().ShouldNotBeEmpty();
        (await world.Data.ReadImageAsync(stored.Slice.ImageSha256, Stop)).ToArray().ShouldBe(image.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Given_AResult_When_TheSliceIsForgottenInTheMiddle_Then_NothingIsLeft(int write)
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        await world.UploadAsync(Name, Image);
        await world.Intake(world.Storage).AcceptAsync(Name, Image, Stop);
        var metrics = new ScanMetrics(
            Scan, $"{Scan}-1", Name, new string('a', 64), 64, 64, [new LesionMeasurement("consolidation", 1, 0.1, null)], new ModelReference("v1", new string('b', 64)),
            new PreprocessingSteps("grey", "area", 369, 369), new StageDurations(1, 1), world.Now);
        var blobs = new ScanBlobs(Forget(world, write).Connect(account));

        await blobs.TryStoreResultAsync(metrics, new BinaryData("mask"), new BinaryData("overlay"), Stop);
        (await blobs.Erased.TakeBackScanAsync(Scan, Stop)).ShouldBeTrue();

        (await world.BlobsAsync()).Keys.ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ADeadLetter_When_ItsSliceWasForgotten_Then_ItIsNotKept()
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        await world.CompleteAsync(Name, Image);
        var kept = await world.CompleteAsync("patient 8/slice-1.png", ErasureWorld.Picture(2));
        await world.Erasure().ForgetAsync(ErasureTarget.OfScan(Scan), Stop);
        var letters = new DeadLetters(
            new StatusStore(world.Storage.GetBlobContainerClient(Containers.Status)), new ScanBlobs(world.Storage), world.Storage.GetBlobContainerClient(Containers.Audit), world.Clock);

        foreach (var scan in new[] { Scan, kept })
            await letters.RecordAsync(new DeadLetter(ErasureWorld.Json(ScanEvents.Requested(scan, 1, "/a", world.Now), ContractsJson.Default.CloudEventSegmentationRequested).ToString()), Stop);

        (await world.BlobsAsync()).Keys.Where(key => key.StartsWith("audit/", StringComparison.Ordinal)).ShouldBe([$"audit/dead-letters/{kept}-1.json"]);
    }

    private static Interruptions Forget(ErasureWorld world, int write) => new() { Before = (write, () => world.Erasure().ForgetAsync(ErasureTarget.OfScan(Scan), Stop)) };
}
