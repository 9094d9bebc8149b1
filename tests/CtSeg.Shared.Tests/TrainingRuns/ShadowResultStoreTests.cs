using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingRuns;

namespace CtSeg.Shared.Tests.TrainingRuns;

public sealed class ShadowResultStoreTests(AzuriteFixture azurite)
{
    private const string Run = "20261123-151205-a1b2c3";
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_AResultIsThere_When_AnotherIsStored_Then_TheFirstStays()
    {
        var store = new ShadowResultStore(new BlobServiceClient(await azurite.NewAccountAsync()));
        var first = ShadowSummariesTests.Result(ShadowSummariesTests.Mask(1, 0), ShadowSummariesTests.Mask(1, 1));

        (await store.TryStoreAsync(first, Stop)).ShouldBeTrue();
        (await store.TryStoreAsync(ShadowSummariesTests.Failed(), Stop)).ShouldBeFalse();

        var stored = (await ListAsync(store)).ShouldHaveSingleItem();
        (stored.Failure, stored.Overall).ShouldBe((null, first.Overall));
    }

    [Fact]
    public async Task Given_ResultsOfTwoRunsAndADamagedOne_When_Listed_Then_OnlyTheRunsOwnThatCanBeReadCome()
    {
        var storage = new BlobServiceClient(await azurite.NewAccountAsync());
        var store = new ShadowResultStore(storage);
        await store.TryStoreAsync(ShadowSummariesTests.Failed(), Stop);
        await store.TryStoreAsync(ShadowSummariesTests.Failed() with { RunId = "20261124-151205-a1b2c3" }, Stop);
        foreach (var (scan, damaged) in new[] { ("8899aabbccddeeff", "{"), ("8899aabbccddee00", "null") })
            await storage.GetBlobContainerClient(Containers.TrainingRuns).GetBlobClient(BlobPaths.ShadowResult(Run, ScanId.Parse(scan))).UploadAsync(new BinaryData(damaged), Stop);

        (await ListAsync(store)).ShouldHaveSingleItem().RunId.ShouldBe(Run);
    }

    [Fact]
    public async Task Given_ResultsOfOtherPairs_When_ListedByPair_Then_OnlyThoseOfBothModelsCome()
    {
        var store = new ShadowResultStore(new BlobServiceClient(await azurite.NewAccountAsync()));
        var result = ShadowSummariesTests.Failed();
        await store.TryStoreAsync(result, Stop);
        await store.TryStoreAsync(result with { ScanId = ScanId.Parse("0000000000000001"), Champion = new ModelReference("c", new string('a', 64)) }, Stop);
        await store.TryStoreAsync(result with { ScanId = ScanId.Parse("0000000000000002"), Champion = new ModelReference("a", new string('c', 64)) }, Stop);
        await store.TryStoreAsync(result with { ScanId = ScanId.Parse("0000000000000003"), Challenger = new ModelReference("b", new string('c', 64)) }, Stop);

        (await ListAsync(store)).ShouldHaveSingleItem().ScanId.ShouldBe(result.ScanId);
    }

    [Fact]
    public async Task Given_AResult_When_TakenAway_Then_ItIsGoneAndASecondTimeIsNoFault()
    {
        var store = new ShadowResultStore(new BlobServiceClient(await azurite.NewAccountAsync()));
        await store.TryStoreAsync(ShadowSummariesTests.Failed(), Stop);

        await store.RemoveAsync(Run, ShadowSummariesTests.Failed().ScanId, Stop);
        await store.RemoveAsync(Run, ShadowSummariesTests.Failed().ScanId, Stop);

        (await ListAsync(store)).ShouldBeEmpty();
    }

    private static Task<IReadOnlyList<ShadowResult>> ListAsync(ShadowResultStore store) =>
        store.ListAsync(Run, new ServedModel("a", new string('a', 64)), new ServedModel("b", new string('b', 64)), Stop);
}
