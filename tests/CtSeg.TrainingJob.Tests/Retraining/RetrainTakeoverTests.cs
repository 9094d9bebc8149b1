using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingRuns;
using static CtSeg.TrainingJob.Tests.Retraining.RetrainWorld;

namespace CtSeg.TrainingJob.Tests.Retraining;

/// <summary>What a killed or stalled job leaves to the one that takes its run over.</summary>
[Collection(TorchCollection.Name)]
public sealed class RetrainTakeoverTests(AzuriteFixture azurite)
{
    // A dead job's beat is old at once; one that lives never beats in between.
    private static readonly RetrainLimits Mortal = new()
    {
        Idle = TimeSpan.FromMinutes(1), MaxWait = TimeSpan.FromMinutes(1), BeatEvery = TimeSpan.FromDays(30), StaleAfter = TimeSpan.Zero,
    };

    [Fact]
    public async Task Given_KilledAfterTheMove_When_DataWereErasedSince_Then_PromotedToldAndTheModelMarked()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        (await world.DieAfterWriteAsync("models/current.json", trainer: new FakeTrainer(), judge: new FakeJudge(promotes: true))).ShouldBeTrue();
        ((await world.ReadAsync(run)).HasEnded, await world.ServedAsync()).ShouldBe((false, run));

        await world.ForgetAsync(await world.FirstGroupAsync(isLocked: false));
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: false));

        var ended = await world.ReadAsync(run);
        (ended.State, ended.Reason).ShouldBe((TrainingRunState.Promoted, "Better."));
        world.Bus.Messages(Queues.Alerts).Select(message => message.MessageId).ShouldBe([$"{ended.AliasMoveId}-changed", $"{run}-ended"]);
        (await world.Models.HoldsErasedDataAsync(run, Stop)).ShouldBeTrue();
    }

    [Fact]
    public async Task Given_KilledAfterTheMove_When_AnotherModelServesSince_Then_StillPromoted()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        (await world.DieAfterWriteAsync("models/current.json", trainer: new FakeTrainer(), judge: new FakeJudge(promotes: true))).ShouldBeTrue();
        (await world.Alias.RollbackAsync("test", "x", Stop)).Done.ShouldBeTrue();
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: false));
        ((await world.ReadAsync(run)).State, await world.ServedAsync()).ShouldBe((TrainingRunState.Promoted, ChampionVersion));
    }

    // Noted as lost, or lost with nobody alive to note it.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Given_KilledAfterALostRace_When_DecidedAnew_Then_ItCanBeCancelled(bool isNoted)
    {
        var world = await OpenAsync();
        await world.PublishAsync("rival", seed: 4, new TrainedOn("rival", null, [], []));
        var run = await world.RequestAsync();
        var judge = new FakeJudge(promotes: true) { Meanwhile = isNoted ? () => world.MoveAliasAsync("rival") : null };
        (await world.DieAfterWriteAsync(isNoted ? "-lost.json" : "-intended.json", trainer: new FakeTrainer(), judge: judge)).ShouldBeTrue();
        if (!isNoted)
            await world.MoveAliasAsync("rival");
        (await world.ReadAsync(run)).AliasMoveId.ShouldNotBeNull();

        TrainingRunCancellation? answer = null;
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true) { Meanwhile = async () => answer = await world.Runs.CancelAsync(run, "x", Stop) });
        answer.ShouldBe(TrainingRunCancellation.Asked);
        var ended = await world.ReadAsync(run);
        (ended.State, ended.AliasMoveId, await world.ServedAsync()).ShouldBe((TrainingRunState.Cancelled, null, "rival"));
    }

    [Fact]
    public async Task Given_KilledBeforeTheMove_When_NobodyElseMoved_Then_DecidedAndPromoted()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        (await world.DieAfterWriteAsync("-intended.json", trainer: new FakeTrainer(), judge: new FakeJudge(promotes: true))).ShouldBeTrue();
        (await world.ServedAsync()).ShouldBe(ChampionVersion);
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        ((await world.ReadAsync(run)).State, await world.ServedAsync()).ShouldBe((TrainingRunState.Promoted, run));
    }

    /// <summary>A job on another kind of machine comes to other weights.</summary>
    [Fact]
    public async Task Given_FormerOwnerPublishedOtherWeights_When_TheOwnerPublishes_Then_ItGoesOnWithThose()
    {
        var world = await OpenAsync();
        ServedModel? other = null;
        var trainer = new FakeTrainer
        {
            Meanwhile = async (owned, _) => other = await world.PublishAsync(owned.Id, seed: 9, new TrainedOn(owned.Id, owned.Status.DataSet, [], [])),
        };
        var run = await world.DrainAfterRequestAsync(trainer, new FakeJudge(promotes: true));
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Promoted);
        (await world.Models.ReadAliasAsync(Stop)).ShouldNotBeNull().Served.ShouldBe(other);
    }

    [Fact]
    public async Task Given_ModelOfTheRunsNameThatIsNotTheRuns_When_Published_Then_Failed()
    {
        var world = await OpenAsync();
        var trainer = new FakeTrainer { Meanwhile = (owned, _) => world.PublishAsync(owned.Id, seed: 9, new TrainedOn(owned.Id, null, [], [])) };
        var run = await world.DrainAfterRequestAsync(trainer, new FakeJudge(promotes: true));
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Failed);
        (await world.ServedAsync()).ShouldBe(ChampionVersion);
    }

    private async Task<RetrainWorld> OpenAsync() => await RetrainWorld.OpenAsync(await azurite.NewAccountAsync(), Mortal);
}
