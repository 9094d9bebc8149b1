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

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Given_ACorrectionThatIsKilledAfterAnErasure_When_TriedAgainAndReviewed_Then_NothingIsLeft(int write)
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        await world.CompleteAsync(Name, Image);
        await world.UploadCorrectionAsync(Scan, ErasureWorld.Mask(1));
        // The write goes through after the erasure, and is the last one. The call before it counts as one.
        var killed = new Interruptions { Before = (write, () => world.Erasure().ForgetAsync(ErasureTarget.OfScan(Scan), Stop)), KillAfter = write + 2 };
        await Should.ThrowAsync<KilledException>(() => world.Corrections(killed.Connect(account)).AcceptAsync(BlobPaths.Correction(Scan), Stop));
        (await world.BlobsAsync()).Keys.ShouldNotBeEmpty();

        (await world.Corrections(world.Storage).AcceptAsync(BlobPaths.Correction(Scan), Stop)).Outcome.ShouldBeNull();

        // Only content that no document names yet, where it was killed before its document.
        (await world.BlobsAsync()).Keys.ShouldAllBe(key => write < 2 && (key.StartsWith("training-data/images/", StringComparison.Ordinal) || key.StartsWith("training-data/masks/", StringComparison.Ordinal)));
        (await new ErasureReview(world.Storage, world.Clock).ReviewAsync(evenIfSeen: true, Stop)).Failures.ShouldBeEmpty();
        (await world.BlobsAsync()).Keys.ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ACorrectionThatIsKilledAfterAnErasure_When_ItIsGivenUp_Then_NothingIsLeft()
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        await world.CompleteAsync(Name, Image);
        await world.UploadCorrectionAsync(Scan, ErasureWorld.Mask(1));
        var killed = new Interruptions { Before = (2, () => world.Erasure().ForgetAsync(ErasureTarget.OfScan(Scan), Stop)), KillAfter = 4 };
        await Should.ThrowAsync<KilledException>(() => world.Corrections(killed.Connect(account)).AcceptAsync(BlobPaths.Correction(Scan), Stop));

        (await world.Corrections(world.Storage).GiveUpAsync(BlobPaths.Correction(Scan), null, Stop)).Outcome.ShouldBeNull();

        (await world.BlobsAsync()).Keys.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Given_ARefusedMaskAndThenAGoodOne_When_TheSliceIsForgottenInTheMiddle_Then_NothingIsLeft(int write)
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        await world.CompleteAsync(Name, Image);
        await world.PutAsync(Containers.Corrections, BlobPaths.Correction(Scan), new BinaryData("no mask"));
        (await world.Corrections(world.Storage).AcceptAsync(BlobPaths.Correction(Scan), Stop)).Outcome.ShouldNotBeNull().State.ShouldBe(CorrectionState.Refused);
        await world.UploadCorrectionAsync(Scan, ErasureWorld.Mask(1));

        (await world.Corrections(Forget(world, write).Connect(account)).AcceptAsync(BlobPaths.Correction(Scan), Stop)).Outcome.ShouldBeNull();

        (await world.BlobsAsync()).Keys.ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ASliceThatCameAgain_When_ItsMaskIsRemovedByHandAndToldAgain_Then_WhatItTaughtStays()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        await world.CompleteAsync(Name, Image);
        await world.Erasure().ForgetAsync(ErasureTarget.OfScan(Scan), Stop);
        await world.CompleteAsync(Name, Image);
        await world.CorrectAsync(Scan, ErasureWorld.Mask(1));
        await world.Storage.GetBlobContainerClient(Containers.Corrections).GetBlobClient(BlobPaths.Correction(Scan)).DeleteAsync(cancellationToken: Stop);
        var before = await world.BlobsAsync();

        await world.Corrections(world.Storage).AcceptAsync(BlobPaths.Correction(Scan), Stop);
        await new ErasureReview(world.Storage, world.Clock).ReviewAsync(evenIfSeen: true, Stop);

        (await world.BlobsAsync()).ShouldBe(before);
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

    [Fact]
    public async Task Given_AMaskThatJoinsBeforeAnyWriteOfAnErasure_When_ThatIsKilledAfterTheWrite_Then_TheMaskIsThere()
    {
        var (ended, write) = (false, 0);
        for (; !ended; write++)
        {
            var account = await azurite.NewAccountAsync();
            var world = new ErasureWorld(new BlobServiceClient(account));
            var gone = await world.ImportAsync("a", "patient 7", ErasureWorld.Picture(1), ErasureWorld.Mask(1));
            ScanId? joined = null;
            var killed = new Interruptions
            {
                Before = (write, async () => joined = await world.ImportAsync("b", "patient 8", ErasureWorld.Picture(2), ErasureWorld.Mask(1))),
                KillAfter = write + 2,
            };
            try
            {
                await world.Erasure(killed.Connect(account)).ForgetAsync(ErasureTarget.OfScan(gone), Stop);
                ended = joined is null;
            }
            catch (KilledException)
            {
                // As meant.
            }
            if (joined is not { } other)
                continue;
            var slice = (await world.Data.FindAsync(other, Stop)).ShouldNotBeNull($"write {write}");
            await world.Data.ReadMaskAsync(slice.MaskSha256, Stop);
            await world.Data.ReadImageAsync(slice.ImageSha256, Stop);
        }
        // Order, mark, findings, document, two marks and two files.
        write.ShouldBeGreaterThan(7);
    }

    [Fact]
    public async Task Given_ADamagedDocumentThatNamesContent_When_AnotherSliceIsForgotten_Then_TheContentStays()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        var gone = await world.ImportAsync("a", "patient 7", ErasureWorld.Picture(1), ErasureWorld.Mask(1));
        var other = await world.ImportAsync("b", "patient 8", ErasureWorld.Picture(2), ErasureWorld.Mask(1));
        var slice = (await world.Data.FindAsync(other, Stop)).ShouldNotBeNull();
        var json = await world.ReadAsync(Containers.TrainingData, BlobPaths.TrainingSlice(other));
        await world.PutAsync(Containers.TrainingData, BlobPaths.TrainingSlice(other), new BinaryData(json[..^2]));

        await world.Erasure().ForgetAsync(ErasureTarget.OfScan(gone), Stop);
        await new ErasureReview(world.Storage, world.Clock).ReviewAsync(evenIfSeen: true, Stop);

        await world.Data.ReadMaskAsync(slice.MaskSha256, Stop);
        await world.Data.ReadImageAsync(slice.ImageSha256, Stop);
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

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Given_AMaskThatIsGivenUp_When_TheSliceIsForgottenInTheMiddle_Then_NothingIsLeft(int write)
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        await world.CompleteAsync(Name, Image);
        await world.UploadCorrectionAsync(Scan, ErasureWorld.Mask(1));
        var through = Forget(world, write).Connect(account);
        var lost = new LostCorrections(world.Corrections(through), new ScanBlobs(through), through.GetBlobContainerClient(Containers.Audit));

        await lost.RecordAsync(BlobPaths.Correction(Scan), etag: null, new DeadLetter("{}"), Stop);

        (await world.BlobsAsync()).Keys.ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ALetterOfAnErasedScan_When_Discarded_Then_NoRecordStays()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        await world.CompleteAsync(Name, Image);
        var kept = await world.CompleteAsync("patient 8/slice-1.png", ErasureWorld.Picture(2));
        await world.Erasure().ForgetAsync(ErasureTarget.OfScan(Scan), Stop);

        foreach (var scan in new[] { Scan, kept })
            await world.DiscardAsync($"segmentation-requests/{scan}", scan, new BinaryData("{}"));

        (await world.BlobsAsync()).Keys.Where(key => key.StartsWith("audit/", StringComparison.Ordinal))
            .ShouldHaveSingleItem().ShouldStartWith($"audit/dead-letters/discarded/{kept}-");
    }

    private static Interruptions Forget(ErasureWorld world, int write) => new() { Before = (write, () => world.Erasure().ForgetAsync(ErasureTarget.OfScan(Scan), Stop)) };
}
