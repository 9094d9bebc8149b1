using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Testing;
using CtSeg.TrainingRuns;
using static CtSeg.TrainingJob.Tests.Retraining.RetrainWorld;

namespace CtSeg.TrainingJob.Tests.Retraining;

/// <summary>Runs of which somebody erases data, before and meanwhile.</summary>
[Collection(TorchCollection.Name)]
public sealed class RetrainErasureTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Given_LockedSliceErased_When_AnotherIsCorrected_Then_NotSkipped()
    {
        var world = await OpenAsync();
        // Locked too, so that enough are left to prove a model on.
        await world.AddSliceAsync(24);
        var champion = await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        var learntFrom = (await world.ReadAsync(champion)).DataSet!;
        await world.ForgetAsync(await world.FirstGroupAsync(isLocked: true));
        (await world.Data.FindDataSetAsync(learntFrom, Stop)).ShouldBeNull();
        (await world.Models.HoldsErasedDataAsync(champion, Stop)).ShouldBeFalse();

        var nothingNew = await world.ReadAsync(await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: true)));
        (nothingNew.State, nothingNew.Reason).ShouldBe((TrainingRunState.Skipped, $"There is nothing new to learn since the model in use, {champion}."));
        await world.AddSliceAsync(await world.FirstGroupAsync(isLocked: false), label: 2);
        (await world.ReadAsync(await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: true)))).State.ShouldBe(TrainingRunState.Promoted);
    }

    [Fact]
    public async Task Given_ChampionThatLearntErasedData_When_Asked_Then_FromScratchWithoutNewData()
    {
        var world = await OpenAsync();
        var champion = await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        var erased = await world.FirstGroupAsync(isLocked: false);
        await world.ForgetAsync(erased);
        (await world.Models.HoldsErasedDataAsync(champion, Stop)).ShouldBeTrue();

        var fromScratch = false;
        var trainer = new FakeTrainer { Meanwhile = (owned, _) => Task.FromResult(fromScratch = owned.Status.Request.FromScratch) };
        var run = await world.DrainAfterRequestAsync(trainer, new FakeJudge(promotes: true));
        ((await world.ReadAsync(run)).State, fromScratch, await world.ServedAsync()).ShouldBe((TrainingRunState.Promoted, true, run));
        (await world.Models.HoldsErasedDataAsync(run, Stop)).ShouldBeFalse();
        var saw = (await world.Models.FindTrainedOnAsync(run, Stop)).ShouldNotBeNull();
        saw.Pictures.ShouldNotContain(PictureIdentity.Of(Picture(erased).Image));
        saw.Pictures.Count.ShouldBe((await world.Models.FindTrainedOnAsync(champion, Stop)).ShouldNotBeNull().Pictures.Count - 1);
    }

    [Fact]
    public async Task Given_ChampionThatLearntErasedData_When_OneFromScratchWasRefused_Then_ItIsNotMadeAgainEveryNight()
    {
        var world = await OpenAsync();
        var champion = await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        await world.ForgetAsync(await world.FirstGroupAsync(isLocked: false));
        var trainer = new FakeTrainer();
        (await world.ReadAsync(await world.DrainAfterRequestAsync(trainer, new FakeJudge(promotes: false)))).State.ShouldBe(TrainingRunState.Refused);

        var again = await world.ReadAsync(await world.DrainAfterRequestAsync(trainer, new FakeJudge(promotes: false)));
        (again.State, trainer.Trained).ShouldBe((TrainingRunState.Skipped, 1));
        again.Reason.ShouldNotBeNull().ShouldEndWith($"The model in use, {champion}, still holds data that were erased since.");
    }

    [Fact]
    public async Task Given_DataErasedInTraining_When_AboutToPublish_Then_EndedAndNothingPublished()
    {
        var world = await OpenAsync();
        var erased = await world.FirstGroupAsync(isLocked: false);
        var trainer = new FakeTrainer { Meanwhile = (_, _) => world.ForgetAsync(erased) };
        var run = await world.DrainAfterRequestAsync(trainer, new FakeJudge(promotes: true));
        await ShouldHaveEndedByErasureAsync(world, run);
        (await world.Models.FindAsync(run, Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_DataErasedAfterTheDecision_When_TheAliasIsAboutToMove_Then_ItDoesNot()
    {
        var world = await OpenAsync();
        var erased = await world.FirstGroupAsync(isLocked: false);
        var run = await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: true) { Meanwhile = () => world.ForgetAsync(erased) });
        await ShouldHaveEndedByErasureAsync(world, run);
        (await world.Models.HoldsErasedDataAsync(run, Stop)).ShouldBeTrue();
    }

    /// <summary>The erasure cancels the run, or the job finds its data gone: whichever comes first.</summary>
    private static async Task ShouldHaveEndedByErasureAsync(RetrainWorld world, string run)
    {
        var ended = await world.ReadAsync(run);
        ended.State.ShouldBeOneOf(TrainingRunState.Cancelled, TrainingRunState.Failed);
        (await world.ServedAsync()).ShouldBe(ChampionVersion);
        (await world.ExistsAsync(Containers.TrainingRuns, BlobPaths.TrainingCheckpoint(run))).ShouldBeFalse();
        (await world.Runs.FindActiveAsync(Stop)).ShouldBeNull();
        world.Bus.Messages(Queues.TrainingRequests).ShouldBeEmpty();
    }

    private async Task<RetrainWorld> OpenAsync() => await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
}
