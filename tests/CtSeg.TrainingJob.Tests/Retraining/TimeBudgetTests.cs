using System.Text.Json;
using CtSeg.Testing;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingRuns;
using static CtSeg.TrainingJob.Tests.Retraining.RetrainWorld;

namespace CtSeg.TrainingJob.Tests.Retraining;

/// <summary>Real trainings of a tiny network whose epochs take as long as the test says.</summary>
[Collection(TorchCollection.Name)]
public sealed class TimeBudgetTests(AzuriteFixture azurite)
{
    private static readonly TrainingRunRequest FiveMinutes = new("test") { Epochs = 40, Minutes = 5, Promotion = FewGroups };

    // A dead job's beat is old at once; one that lives never beats in between.
    private static readonly RetrainLimits Mortal = new()
    {
        Idle = TimeSpan.FromMinutes(1), MaxWait = TimeSpan.FromMinutes(1), BeatEvery = TimeSpan.FromDays(30), StaleAfter = TimeSpan.Zero,
    };

    // Nine tenths of 300 s, less the first epoch: 210 s.
    [Fact]
    public async Task Given_FewerEpochsThatFit_When_Trained_Then_ItIsTheWholeTrainingOfSoMany()
    {
        var asked = await OpenAsync();
        var whole = await asked.RequestAsync(FiveMinutes with { Epochs = 3, Minutes = null });
        await asked.DrainAsync(judge: new FakeJudge(promotes: false));

        var world = await OpenAsync(60);
        var run = await world.RequestAsync(FiveMinutes);
        await world.DrainAsync(judge: new FakeJudge(promotes: false));

        var ended = await world.ReadAsync(run);
        ended.Shortened.ShouldBe(new ShortenedTraining(3, 60));
        ended.Progress.ShouldNotBeNull().ShouldSatisfyAllConditions(progress => progress.Epoch.ShouldBe(3), progress => progress.Epochs.ShouldBe(3));
        var manifest = (await world.Models.FindAsync(run, Stop)).ShouldNotBeNull();
        manifest.Training.ShouldNotBeNull().Epochs.ShouldBe(3);
        manifest.Training!.Options.Deserialize(TrainingJson.Default.TrainingOptions).ShouldNotBeNull().Epochs.ShouldBe(3);
        manifest.WeightsSha256.ShouldBe((await asked.Models.FindAsync(whole, Stop)).ShouldNotBeNull().WeightsSha256);
        // What the champion's card says of its data, it does not say of those of the night.
        (manifest.ParentVersion, manifest.Card).ShouldBe((ChampionVersion, null));
        (await world.Models.FindAsync(ChampionVersion, Stop)).ShouldNotBeNull().Card.ShouldNotBeNull();
    }

    [Fact]
    public async Task Given_KilledRightAfterItWasShortened_When_AFasterMachineGoesOn_Then_TheNumberStays()
    {
        var world = await OpenAsync(60);
        var run = await world.RequestAsync(FiveMinutes);
        // Claimed, data fixed, in training, shortened.
        (await world.DieAfterWriteAsync($"{run}.json", writes: 4)).ShouldBeTrue();
        (await world.ReadAsync(run)).Shortened.ShouldBe(new ShortenedTraining(3, 60));

        world.TrainingTime = new EpochClock(1);
        await world.DrainAsync(judge: new FakeJudge(promotes: false));

        (await world.ReadAsync(run)).Progress.ShouldNotBeNull().ShouldSatisfyAllConditions(progress => progress.Epoch.ShouldBe(3), progress => progress.Epochs.ShouldBe(3));
    }

    [Fact]
    public async Task Given_EpochsThatTakeLongerThanTheFirst_When_TheTimeIsOver_Then_ItStopsAllTheSame()
    {
        // The first one is lost, of the three to come 200 s are left over after the first and nothing after the second.
        var world = await OpenAsync(60, 200);
        var run = await world.RequestAsync(FiveMinutes);
        await world.DrainAsync(judge: new FakeJudge(promotes: false));
        (await world.ReadAsync(run)).Progress.ShouldNotBeNull().ShouldSatisfyAllConditions(progress => progress.Epoch.ShouldBe(2), progress => progress.Epochs.ShouldBe(3));
    }

    // All fit; not even a second one fits.
    [Theory]
    [InlineData(60, 4, 4)]
    [InlineData(200, 40, 2)]
    public async Task Given_NothingToShorten_When_Trained_Then_NoEpochIsLost(double seconds, int epochs, int done)
    {
        var world = await OpenAsync(seconds);
        var run = await world.RequestAsync(FiveMinutes with { Epochs = epochs });
        await world.DrainAsync(judge: new FakeJudge(promotes: false));
        var ended = await world.ReadAsync(run);
        (ended.Shortened, ended.Progress!.Epoch, ended.Progress.Epochs).ShouldBe((null, done, epochs));
        ((EpochClock)world.TrainingTime!).Epochs.ShouldBe(done);
    }

    private async Task<RetrainWorld> OpenAsync(params double[] seconds)
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync(), Mortal);
        world.TrainingTime = seconds.Length > 0 ? new EpochClock(seconds) : null;
        return world;
    }

    /// <summary>Asked at the beginning and at the end of every epoch.</summary>
    /// <param name="seconds">Of the first epochs; those after them take as long as the last.</param>
    private sealed class EpochClock(params double[] seconds) : TimeProvider
    {
        private int _asked;
        private double _now;

        public int Epochs => _asked / 2;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => new(2026, 11, 27, 2, 0, 0, TimeSpan.Zero);

        public override long GetTimestamp()
        {
            if (_asked++ % 2 == 1)
                _now += seconds[Math.Min(_asked / 2, seconds.Length) - 1];
            return TimeSpan.FromSeconds(_now).Ticks;
        }
    }
}
