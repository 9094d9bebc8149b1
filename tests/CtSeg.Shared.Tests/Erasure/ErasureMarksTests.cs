using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Models;
using CtSeg.Testing;
using static CtSeg.Shared.Tests.Models.Registry;

namespace CtSeg.Shared.Tests.Erasure;

public sealed class ErasureMarksTests(AzuriteFixture azurite)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_AnErasure_When_ModelsArePublishedAfterIt_Then_ThoseThatLearntFromItAreMarkedOnceBeforeTheyAreWhole()
    {
        var (world, pictures) = await ForgetAsync("patient 7");
        var group = (await world.Data.GroupHashAsync(Stop)).Of("patient 7");
        (await PublishAsync(world, "by-picture", parent: null, new TrainedOn("by-picture", null, [pictures["patient 7"]], []))).ShouldBeTrue();
        (await PublishAsync(world, "by-group", parent: null, new TrainedOn("by-group", null, [], [group]))).ShouldBeTrue();
        (await PublishAsync(world, "by-parent", parent: "by-group", trainedOn: null)).ShouldBeTrue();
        (await PublishAsync(world, "other", parent: "gone", new TrainedOn("other", null, [pictures["patient 8"]], []))).ShouldBeFalse();
        (await PublishAsync(world, "unknown", parent: null, trainedOn: null)).ShouldBeFalse();

        // The same again adds nothing.
        var before = await world.ReadAsync(Containers.Models, BlobPaths.ModelErasure("by-picture"));
        (await PublishAsync(world, "by-picture", parent: null, new TrainedOn("by-picture", null, [pictures["patient 7"]], []))).ShouldBeTrue();
        (await world.ReadAsync(Containers.Models, BlobPaths.ModelErasure("by-picture"))).ShouldBe(before);
        var store = new ModelStore(world.Storage);
        foreach (var (version, isMarked) in new[] { ("by-picture", true), ("by-group", true), ("by-parent", true), ("other", false), ("unknown", false) })
            (await store.HoldsErasedDataAsync(version, Stop)).ShouldBe(isMarked, version);
    }

    [Fact]
    public async Task Given_AnotherModelOfTheVersion_When_PublishedAgain_Then_ThatOneIsNotMarked()
    {
        var (world, pictures) = await ForgetAsync("patient 7");
        await PublishAsync(world, "m", parent: null, new TrainedOn("m", null, [pictures["patient 8"]], []));
        await Should.ThrowAsync<ModelExistsException>(() => PublishAsync(world, "m", parent: "p", new TrainedOn("m", null, [pictures["patient 7"]], [])));
        (await new ModelStore(world.Storage).HoldsErasedDataAsync("m", Stop)).ShouldBeFalse();
    }

    [Fact]
    public async Task Given_ADamagedOrder_When_AModelIsPublished_Then_TheOthersStillCount()
    {
        var (world, pictures) = await ForgetAsync("patient 7");
        await world.PutAsync(Containers.Audit, BlobPaths.Erasure("20261101-170000-cccccc"), new BinaryData("{"));
        (await PublishAsync(world, "m", parent: null, new TrainedOn("m", null, [pictures["patient 7"]], []))).ShouldBeTrue();
    }

    private async Task<(ErasureWorld World, Dictionary<string, PictureIdentity> Pictures)> ForgetAsync(string group)
    {
        var world = new ErasureWorld(new BlobServiceClient(await azurite.NewAccountAsync()));
        await world.ImportAsync("a", "patient 7", ErasureWorld.Picture(1), ErasureWorld.Mask(1));
        await world.ImportAsync("b", "patient 8", ErasureWorld.Picture(2), ErasureWorld.Mask(1));
        var pictures = (await world.Data.SnapshotAsync(Stop)).Slices.ToDictionary(slice => slice.Group, slice => slice.Picture);
        (await world.Erasure().ForgetAsync(ErasureTarget.OfGroup(group), Stop)).IsDone.ShouldBeTrue();
        world.Clock.Advance(TimeSpan.FromDays(1));
        return (world, pictures);
    }

    private static async Task<bool> PublishAsync(ErasureWorld world, string version, string? parent, TrainedOn? trainedOn)
    {
        var store = new ModelStore(world.Storage);
        var manifest = ManifestOf(version, version) with { ParentVersion = parent };
        var isMarked = false;
        await store.PublishAsync(manifest, JsonOf(manifest), WeightsOf(version), trainedOn, MarkAsync, Stop);
        return isMarked;

        async Task MarkAsync(CancellationToken token)
        {
            isMarked = await new ErasureMarks(world.Storage, world.Clock).MarkAsync(manifest, trainedOn, token);
            isMarked.ShouldBe(await store.HoldsErasedDataAsync(version, token));
        }
    }
}
