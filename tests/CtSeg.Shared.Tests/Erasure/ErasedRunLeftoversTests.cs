using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Erasure;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingRuns;

namespace CtSeg.Shared.Tests.Erasure;

public sealed class ErasedRunLeftoversTests(AzuriteFixture azurite)
{
    private const string Run = "20261123-160000-aaaaaa";
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_AModelThatWasPublishedBehindAnErasure_When_TakenBack_Then_MarkedOnceAndItsReportsAreGone()
    {
        var world = await OpenAsync();
        await world.ImportAsync("a", "patient 7", ErasureWorld.Picture(1), ErasureWorld.Mask(1));
        await world.ImportAsync("b", "patient 8", ErasureWorld.Picture(2), ErasureWorld.Mask(1));
        var data = await world.Data.SnapshotAsync(Stop);
        var picture = data.Slices.Single(slice => slice.Group == "patient 7").Picture;
        // Asked for long before, like one that waits for its shadow.
        var run = TrainingRunStatus.Requested(Run, new TrainingRunRequest("schedule"), world.Now) with { DataSet = data.Version, EvaluationSet = "00000000000000ff" };
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        var order = (await world.Erasure().ForgetAsync(ErasureTarget.OfGroup("patient 7"), Stop)).Id;

        await world.RunAsync(run);
        await world.RunAsync(run with { Id = "20261123-160000-bbbbbb" });
        await world.ModelAsync(Run, null, new TrainedOn(Run, data.Version, [picture], []));
        var leftovers = new ErasedRunLeftovers(world.Storage, world.Clock);
        for (var times = 0; times < 2; times++)
        {
            await leftovers.RemoveReportsAsync(run, Stop);
            (await leftovers.MarkModelAsync(run, Stop)).ShouldBeTrue();
        }

        var mark = System.Text.Json.JsonSerializer.Deserialize(await world.ReadAsync(Containers.Models, BlobPaths.ModelErasure(Run)), ContractsJson.Default.ModelErasure).ShouldNotBeNull();
        mark.Entries.ShouldHaveSingleItem().Erasure.ShouldBe(order);
        var left = (await world.BlobsAsync()).Keys;
        left.Where(blob => blob.EndsWith("report.html", StringComparison.Ordinal)).ShouldBe(["training-runs/20261123-160000-bbbbbb/report.html"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Given_AChampionThatWasMarkedMeanwhile_When_TakenBack_Then_OnlyWhatWasTrainedOnFromItIsMarked(bool fromScratch)
    {
        var world = await OpenAsync();
        await world.ImportAsync("a", "patient 7", ErasureWorld.Picture(1), ErasureWorld.Mask(1));
        var picture = (await world.Data.SnapshotAsync(Stop)).Slices[0].Picture;
        await world.ModelAsync("champion", null, new TrainedOn("champion", null, [picture], []));
        await world.Erasure().ForgetAsync(ErasureTarget.OfGroup("patient 7"), Stop);
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        var run = TrainingRunStatus.Requested(Run, new TrainingRunRequest("schedule") { FromScratch = fromScratch }, world.Now) with
        {
            DataSet = "00000000000000dd", EvaluationSet = "00000000000000ff", Champion = "champion",
        };
        await world.ModelAsync(Run, fromScratch ? null : "champion", new TrainedOn(Run, run.DataSet, [], []));

        (await new ErasedRunLeftovers(world.Storage, world.Clock).MarkModelAsync(run, Stop)).ShouldBe(!fromScratch);
        (await new ModelStore(world.Storage).HoldsErasedDataAsync(Run, Stop)).ShouldBe(!fromScratch);
    }

    [Fact]
    public async Task Given_NoModelAndADamagedOrder_When_TakenBack_Then_NothingIsMarked()
    {
        var world = await OpenAsync();
        await world.PutAsync(Containers.Audit, BlobPaths.Erasure("20261123-170000-cccccc"), new BinaryData("{"));
        var run = TrainingRunStatus.Requested(Run, new TrainingRunRequest("schedule"), world.Now);
        (await new ErasedRunLeftovers(world.Storage, world.Clock).MarkModelAsync(run, Stop)).ShouldBeFalse();
    }

    private async Task<ErasureWorld> OpenAsync() => new(new BlobServiceClient(await azurite.NewAccountAsync()));
}
