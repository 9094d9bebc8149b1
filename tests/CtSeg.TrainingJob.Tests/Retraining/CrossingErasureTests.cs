using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Testing;
using CtSeg.TrainingRuns;
using static CtSeg.TrainingJob.Tests.Retraining.RetrainWorld;

namespace CtSeg.TrainingJob.Tests.Retraining;

/// <summary>A group is forgotten just before a job writes something that shows it or has learnt from it.</summary>
[Collection(TorchCollection.Name)]
public sealed class CrossingErasureTests(AzuriteFixture azurite)
{
    [Theory]
    [InlineData("model.json")]
    [InlineData("weights.safetensors")]
    public async Task Given_ErasureJustBeforeThePublication_When_Published_Then_TheModelIsMarkedAndNeverServes(string part)
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync();
        world.Before($"models/{run}/{part}", () => ForgetAsync(world, locked: false));
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));

        (await world.ReadAsync(run)).State.ShouldBeOneOf(TrainingRunState.Failed, TrainingRunState.Cancelled);
        (await world.Models.FindAsync(run, Stop)).ShouldNotBeNull();
        (await world.Models.HoldsErasedDataAsync(run, Stop)).ShouldBeTrue();
        (await world.ServedAsync()).ShouldBe(ChampionVersion);
        await ShouldHaveNoReportAsync(world, run);
    }

    [Theory]
    [InlineData(false, "training-runs/{run}/report.html")]
    [InlineData(false, "models/{run}/report.html")]
    [InlineData(true, "training-runs/{run}/report.html")]
    public async Task Given_ErasureJustBeforeAReport_When_Written_Then_TakenBack(bool promotes, string blob)
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync();
        world.Before(blob.Replace("{run}", run, StringComparison.Ordinal), () => ForgetAsync(world, locked: true));
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes));

        // The alias has moved: that is not undone. Else the erasure may end the run itself: to it a beat of this hurried clock may look old.
        var state = (await world.ReadAsync(run)).State;
        (promotes ? state == TrainingRunState.Promoted : state is TrainingRunState.Failed or TrainingRunState.Cancelled).ShouldBeTrue(state.ToString());
        (await world.ServedAsync()).ShouldBe(promotes ? run : ChampionVersion);
        await ShouldHaveNoReportAsync(world, run);
    }

    [Fact]
    public async Task Given_DataThatAreGoneJustBeforeTheReport_When_Refused_Then_TakenBackAndFailed()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync();
        world.Before("report.html", async () => await world.Storage.GetBlobContainerClient(Containers.TrainingData)
            .GetBlobClient(BlobPaths.DataSet((await world.ReadAsync(run)).DataSet!)).DeleteAsync(cancellationToken: Stop));
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: false));

        var ended = await world.ReadAsync(run);
        ended.State.ShouldBe(TrainingRunState.Failed);
        ended.Reason.ShouldNotBeNull().ShouldContain("erased meanwhile");
        await ShouldHaveNoReportAsync(world, run);
    }

    [Fact]
    public async Task Given_ErasureDuringTheComparison_When_Refused_Then_NothingIsWritten()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync();
        var wrote = false;
        world.Before("report.html", () => Task.FromResult(wrote = true));
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: false) { Meanwhile = () => ForgetAsync(world, locked: true) });

        (await world.ReadAsync(run)).State.ShouldBeOneOf(TrainingRunState.Failed, TrainingRunState.Cancelled);
        wrote.ShouldBeFalse();
        (await world.Models.FindDecisionAsync(run, Stop)).ShouldBeNull();
    }

    private static async Task ForgetAsync(RetrainWorld world, bool locked)
    {
        var rule = await world.Data.RuleAsync(Stop);
        var group = Enumerable.Range(0, 24).Select(n => $"g{n}").First(name => LockedGroups.IsLocked(name, rule) == locked);
        (await new DataErasure(world.Storage, world.Time, new HashSet<string>()).ForgetAsync(ErasureTarget.OfGroup(group), Stop)).IsDone.ShouldBeTrue();
    }

    private static async Task ShouldHaveNoReportAsync(RetrainWorld world, string run)
    {
        (await world.ExistsAsync(Containers.TrainingRuns, BlobPaths.TrainingReport(run))).ShouldBeFalse();
        (await world.ExistsAsync(Containers.Models, BlobPaths.ModelReport(run))).ShouldBeFalse();
    }
}
