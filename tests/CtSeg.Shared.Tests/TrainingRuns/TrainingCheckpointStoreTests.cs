using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Testing;
using static CtSeg.Shared.Tests.TrainingRuns.RunWorld;

namespace CtSeg.Shared.Tests.TrainingRuns;

public sealed class TrainingCheckpointStoreTests(AzuriteFixture azurite)
{
    private const string Run = "20261127-020000-1a2b3c";

    [Fact]
    public async Task Given_Epochs_When_Written_Then_EachReplacesTheLast()
    {
        var store = new RunWorld(await azurite.NewAccountAsync()).Runs.Checkpoints;
        (await store.TakeAsync(Run, Owner, Stop)).ShouldBeNull();
        var first = await store.TryReplaceAsync(Run, Owner, new BinaryData("1"), last: null, Stop);
        (await store.TryReplaceAsync(Run, Owner, new BinaryData("2"), first.ShouldNotBeNull(), Stop)).ShouldNotBeNull();
        (await store.TakeAsync(Run, Owner, Stop)).ShouldNotBeNull().Content.ToString().ShouldBe("2");
    }

    [Fact]
    public async Task Given_Checkpoint_When_TakenByOneAndAnother_Then_ItIsWholeUntilItIsDamaged()
    {
        var world = new RunWorld(await azurite.NewAccountAsync());
        var store = world.Runs.Checkpoints;
        await store.TryReplaceAsync(Run, Owner, new BinaryData("1"), last: null, Stop);
        (await store.TakeAsync(Run, Owner, Stop)).ShouldNotBeNull().IsWhole.ShouldBeTrue();
        (await store.TakeAsync(Run, Other, Stop)).ShouldNotBeNull().IsWhole.ShouldBeTrue();

        var blob = world.Storage.GetBlobContainerClient(Containers.TrainingRuns).GetBlobClient(BlobPaths.TrainingCheckpoint(Run));
        var metadata = (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value.Metadata;
        await blob.UploadAsync(new BinaryData("2"), new BlobUploadOptions { Metadata = metadata }, Stop);
        (await store.TakeAsync(Run, Owner, Stop)).ShouldNotBeNull().IsWhole.ShouldBeFalse();
        await blob.UploadAsync(new BinaryData("1"), new BlobUploadOptions(), Stop);
        (await store.TakeAsync(Run, Owner, Stop)).ShouldNotBeNull().IsWhole.ShouldBeFalse();
    }

    [Fact]
    public async Task Given_RunTakenOver_When_TheFormerOwnerWrites_Then_Refused()
    {
        var store = new RunWorld(await azurite.NewAccountAsync()).Runs.Checkpoints;
        var first = await store.TryReplaceAsync(Run, Owner, new BinaryData("1"), last: null, Stop);
        var taken = (await store.TakeAsync(Run, Other, Stop)).ShouldNotBeNull();
        (await store.TryReplaceAsync(Run, Owner, new BinaryData("zombie"), first, Stop)).ShouldBeNull();
        (await store.TryReplaceAsync(Run, Other, new BinaryData("2"), taken.ETag, Stop)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Given_RemovedCheckpoint_When_TheFormerOwnerWrites_Then_ItStaysRemoved()
    {
        var store = new RunWorld(await azurite.NewAccountAsync()).Runs.Checkpoints;
        var first = await store.TryReplaceAsync(Run, Owner, new BinaryData("1"), last: null, Stop);
        await store.DeleteAsync(Run, Stop);
        (await store.TryReplaceAsync(Run, Owner, new BinaryData("zombie"), first, Stop)).ShouldBeNull();
        (await store.TakeAsync(Run, Owner, Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_ACheckpointWithASnapshot_When_ItsRunEnds_Then_BothAreGone()
    {
        var world = new RunWorld(await azurite.NewAccountAsync());
        await world.Runs.Checkpoints.TryReplaceAsync(Run, Owner, new BinaryData("1"), last: null, Stop);
        var runs = world.Storage.GetBlobContainerClient(CtSeg.Contracts.Containers.TrainingRuns);
        await runs.GetBlobClient(CtSeg.Contracts.BlobPaths.TrainingCheckpoint(Run)).CreateSnapshotAsync(cancellationToken: Stop);

        await world.Runs.Checkpoints.DeleteAsync(Run, Stop);
        await world.Runs.Checkpoints.DeleteAsync(Run, Stop);

        (await runs.GetBlobsAsync(new Azure.Storage.Blobs.Models.GetBlobsOptions { States = Azure.Storage.Blobs.Models.BlobStates.Snapshots }, Stop).CountAsync(Stop)).ShouldBe(0);
    }

    [Fact]
    public async Task Given_TwoBeginners_When_BothCreate_Then_OneIsRefused()
    {
        var store = new RunWorld(await azurite.NewAccountAsync()).Runs.Checkpoints;
        var both = await Task.WhenAll(
            store.TryReplaceAsync(Run, Owner, new BinaryData("1"), last: null, Stop), store.TryReplaceAsync(Run, Other, new BinaryData("2"), last: null, Stop));
        both.Count(etag => etag is null).ShouldBe(1);
    }
}
