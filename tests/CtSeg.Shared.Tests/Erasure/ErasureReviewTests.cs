using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Testing;

namespace CtSeg.Shared.Tests.Erasure;

/// <summary>Writers that were killed just after an erasure was done, before they looked whether it was.</summary>
public sealed class ErasureReviewTests(AzuriteFixture azurite)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_ADataSetThatIsWrittenAfterAnErasure_When_ItsWriterIsKilled_Then_TheReviewRemovesIt()
    {
        var account = await azurite.NewAccountAsync();
        var world = new ErasureWorld(new BlobServiceClient(account));
        var gone = await world.ImportAsync("a", "patient 7", ErasureWorld.Picture(1), ErasureWorld.Mask(1));
        await world.ImportAsync("b", "patient 8", ErasureWorld.Picture(2), ErasureWorld.Mask(2));
        await world.Data.RuleAsync(Stop);
        var killed = new Interruptions { Before = (0, () => world.Erasure().ForgetAsync(ErasureTarget.OfScan(gone), Stop)), KillAfter = 2 };
        await Should.ThrowAsync<KilledException>(() => new DataSetStore(killed.Connect(account), world.Clock).SnapshotAsync(Stop));
        (await SetsAsync(world)).ShouldHaveSingleItem();

        var outcome = await new ErasureReview(world.Storage, world.Clock).ReviewAsync(evenIfSeen: true, Stop);

        (outcome.Orders.Count, outcome.Blobs, outcome.Failures.Count).ShouldBe((1, 1, 0));
        (await SetsAsync(world)).ShouldBeEmpty();
        (await new ErasureReview(world.Storage, world.Clock).ReviewAsync(evenIfSeen: true, Stop)).Blobs.ShouldBe(0);
        (await world.Data.SnapshotAsync(Stop)).Slices.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Given_WhatEveryWriterLeaves_When_Reviewed_Then_OnlyOfErasedScansItGoes()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        var gone = await world.CompleteAsync("patient 7/1.png", ErasureWorld.Picture(1));
        var again = await world.CompleteAsync("patient 7/2.png", ErasureWorld.Picture(2));
        await world.Erasure().ForgetAsync(ErasureTarget.OfGroup("patient 7"), Stop);
        await world.CompleteAsync("patient 7/2.png", ErasureWorld.Picture(2));
        await world.CorrectAsync(again, ErasureWorld.Mask(1));
        await world.PutAsync(Containers.TrainingRuns, BlobPaths.ShadowResult("20261123-150000-aaaaaa", again), new BinaryData("{}"));
        await world.Data.LockAsync(await world.Data.SnapshotAsync(Stop), Stop);
        var before = await world.BlobsAsync();
        await world.PutAsync(Containers.Status, BlobPaths.Status(gone), ErasureWorld.Json(ScanStatus.Received(gone, "patient 7/1.png", world.Now), ContractsJson.Default.ScanStatus));
        await world.PutAsync(Containers.Preprocessed, BlobPaths.PreprocessedImage(gone), new BinaryData("image"));
        await world.PutAsync(Containers.Results, BlobPaths.Mask(gone), new BinaryData("mask"));
        await world.PutAsync(Containers.Audit, BlobPaths.DeadLetter($"{gone}-1"), new BinaryData("{}"));
        await world.PutAsync(Containers.TrainingRuns, BlobPaths.ShadowResult("20261123-150000-aaaaaa", gone), new BinaryData("{}"));
        await world.PutAsync(Containers.TrainingData, BlobPaths.TrainingImage(new string('a', 64)), new BinaryData("image"));
        var locked = new EvaluationSet("00000000000000ee", "00000000000000ff", EvaluationRule.Default, world.Now, [gone]);
        await world.PutAsync(Containers.TrainingData, BlobPaths.EvaluationSet(locked.Version), ErasureWorld.Json(locked, ContractsJson.Default.EvaluationSet));

        (await new ErasureReview(world.Storage, world.Clock).ReviewAsync(evenIfSeen: true, Stop)).Blobs.ShouldBe(7);

        (await world.BlobsAsync()).ShouldBe(before, ignoreOrder: true);
    }

    [Fact]
    public async Task Given_TheTimer_When_ItComesAgainAndAgain_Then_EachErasureIsLookedAtOnceAnHourForADay()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        var scan = await world.CompleteAsync("patient 7/1.png", ErasureWorld.Picture(1));
        var order = (await world.Erasure().ForgetAsync(ErasureTarget.OfScan(scan), Stop)).Id!;
        var looks = new List<int>();
        for (var minute = 0; minute < 26 * 60; minute += 10, world.Clock.Advance(TimeSpan.FromMinutes(10)))
        {
            var outcome = await new ErasureReview(world.Storage, world.Clock).ReviewAsync(evenIfSeen: false, Stop);
            if (outcome.Orders.Count > 0)
                looks.Add(minute);
            outcome.Orders.ShouldBeSubsetOf([order]);
        }
        looks.ShouldBe(Enumerable.Range(1, 24).Select(hour => 60 * hour));
        (await world.Erasure().ListOpenAsync(_ => { }, Stop)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AnImportAfterTheErasure_When_Reviewed_Then_ItStays()
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        var slice = await world.ImportAsync("a", "patient 7", ErasureWorld.Picture(1), ErasureWorld.Mask(1));
        await world.Erasure().ForgetAsync(ErasureTarget.OfGroup("patient 7"), Stop);
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        (await world.ImportAsync("a", "patient 7", ErasureWorld.Picture(1), ErasureWorld.Mask(1))).ShouldBe(slice);
        await world.Data.SnapshotAsync(Stop);
        var before = await world.BlobsAsync();

        (await new ErasureReview(world.Storage, world.Clock).ReviewAsync(evenIfSeen: true, Stop)).Blobs.ShouldBe(0);

        (await world.BlobsAsync()).ShouldBe(before);
    }

    private static async Task<IReadOnlyList<string>> SetsAsync(ErasureWorld world) =>
        [.. (await world.BlobsAsync()).Keys.Where(key => key.StartsWith("training-data/data-sets/", StringComparison.Ordinal))];
}
