using CtSeg.TrainingJob.Training;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Training;

/// <summary>Single epochs, as <see cref="TrainingRunTests"/> strings them together.</summary>
[Collection(TorchCollection.Name)]
public sealed class TrainerTests
{
    private static readonly TrainingOptions Options = TrainingRunTests.Options;

    [Fact]
    public void Given_AnotherSeed_When_Trained_Then_TheWeightsAreOthers()
    {
        Tensor Weights(int seed)
        {
            using var trainer = new Trainer(Options with { Seed = seed }, TrainingRunTests.Circles(4), TimeProvider.System);
            trainer.RunEpoch(stepDone: null, CancellationToken.None);
            return trainer.Checkpoint().Network["classifier.weight"].clone();
        }
        var first = Weights(1);
        first.Equals(Weights(1)).ShouldBeTrue();
        first.Equals(Weights(2)).ShouldBeFalse();
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    public void Given_WeightsThatAreNoNumbers_When_Trained_Then_ItIsSaid(double attendsFrom)
    {
        using var trainer = new Trainer(Options with { AttendsFrom = attendsFrom }, TrainingRunTests.Circles(8), TimeProvider.System);
        using (no_grad())
            trainer.Checkpoint().Network["bridge.blocks.0.reduce.weight"].fill_(float.NaN);
        Should.Throw<TrainingDivergedException>(() => trainer.RunEpoch(stepDone: null, CancellationToken.None)).Message.ShouldContain("epoch 1");
    }

    // One pixel on the lowest level and a batch of one slice have no variance, and the running one is no number then.
    [Fact]
    public void Given_TheSmallestInput_When_ABatchHasOneSlice_Then_ItIsTrainedAndASmallerOneRefused()
    {
        var options = Options with { BatchSize = 1, InputSize = TrainingStage.Smallest };
        using (var trainer = new Trainer(options, TrainingRunTests.Circles(4), TimeProvider.System))
            double.IsFinite(trainer.RunEpoch(stepDone: null, CancellationToken.None).Loss).ShouldBeTrue();
        foreach (var side in new[] { 16, 31 })
            Should.Throw<InvalidDataException>(() => (options with { InputSize = side }).Validate()).Message.ShouldContain($"the input size is {side}, not 32 to 2048");
    }

    // After the last step no loss is computed that would tell.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Given_WeightsThatTheLastStepOfAnEpochMadeNoNumbers_When_ItEnds_Then_ItIsSaidAndThereIsNothingToSave(bool average)
    {
        using var trainer = new Trainer(Options, TrainingRunTests.Circles(8), TimeProvider.System);
        void Poison(int steps)
        {
            if (steps < trainer.StepsPerEpoch)
                return;
            using var noGradient = no_grad();
            var checkpoint = trainer.Checkpoint();
            (average ? checkpoint.Average : checkpoint.Network)["classifier.bias"].fill_(float.PositiveInfinity);
        }
        Should.Throw<TrainingDivergedException>(() => trainer.RunEpoch(Poison, CancellationToken.None)).Message.ShouldContain("epoch 1");
        trainer.EpochsDone.ShouldBe(0);
    }

    [Fact]
    public void Given_ACheckpointWhoseWeightsAreNoNumbers_When_Restored_Then_ItIsRefused()
    {
        using var first = new Trainer(Options, TrainingRunTests.Circles(8), TimeProvider.System);
        first.RunEpoch(stepDone: null, CancellationToken.None);
        var checkpoint = first.Checkpoint();
        using (no_grad())
            checkpoint.Network["classifier.bias"].fill_(float.NaN);
        using var second = new Trainer(Options, TrainingRunTests.Circles(8), TimeProvider.System);
        Should.Throw<TrainingDataException>(() => second.Restore(checkpoint)).Message.ShouldContain("no numbers");
    }

    [Fact]
    public void Given_CirclesToFind_When_TrainedForAWhile_Then_HeldOutCirclesAreFound()
    {
        var options = Options with { Epochs = 30, LearningRate = 1e-2, AverageDecay = 0.9, ScoreEvery = 30 };
        using var trainer = new Trainer(options, TrainingRunTests.Circles(12), TimeProvider.System);
        var first = trainer.RunEpoch(stepDone: null, CancellationToken.None);
        while (trainer.EpochsDone < options.Epochs)
            trainer.RunEpoch(stepDone: null, CancellationToken.None);
        trainer.History.Epochs[^1].Loss.ShouldBeLessThan(first.Loss / 2);
        trainer.History.Epochs[^1].HeldOutDice!["infection"]!.Value.ShouldBeGreaterThan(0.7);
    }

    [Fact]
    public void Given_ACycleOfItsOwnForTheAttention_When_Trained_Then_TheRateFallsRisesAndFallsAgain()
    {
        using var trainer = new Trainer(Options with { Epochs = 20, AttendsFrom = 0.5, AttendsRate = 0.25, ScoreEvery = 0 }, TrainingRunTests.Circles(4), TimeProvider.System);
        while (trainer.EpochsDone < 20)
            trainer.RunEpoch(stepDone: null, CancellationToken.None);
        var rates = trainer.History.Epochs.Select(epoch => epoch.LearningRate / Options.LearningRate).ToList();
        // One step an epoch: each cycle begins with a 25th of its highest rate and ends with a 1000th.
        rates[0].ShouldBe(1 / 25.0, 1e-9);
        rates[9].ShouldBe(1 / 1000.0, 1e-9);
        rates[10].ShouldBe(0.25 / 25, 1e-9);
        rates[11].ShouldBe(0.25, 0.01);
        rates[19].ShouldBe(0.25 / 1000, 1e-9);
    }

    [Fact]
    public void Given_AStage_When_Trained_Then_ItsEpochsAreThoseOfItsOptionsAndTheLaterOnesAreNot()
    {
        var (data, stage) = (TrainingRunTests.Circles(6), new TrainingStage(Until: 0.5, Size: 0.5));
        var options = Options with { InputSize = 64 };
        using var staged = new Trainer(options with { Stages = [stage] }, data, TimeProvider.System);
        using var small = new Trainer(stage.Of(options), data, TimeProvider.System);
        double Loss(Trainer trainer) => trainer.RunEpoch(stepDone: null, CancellationToken.None).Loss;
        Loss(staged).ShouldBe(Loss(small));
        Loss(staged).ShouldNotBe(Loss(small));
    }

    [Fact]
    public void Given_AttentionThatJoinsLater_When_Trained_Then_ItSaysNothingBeforeAndSomethingAfter()
    {
        using var trainer = new Trainer(Options with { AttendsFrom = 0.5 }, TrainingRunTests.Circles(6), TimeProvider.System);
        using var scope = NewDisposeScope();
        var input = rand(1, 1, 32, 32);
        float Effect()
        {
            using var noGradient = no_grad();
            trainer.Average.ZeroAttention(true);
            var without = trainer.Average.call(input);
            trainer.Average.ZeroAttention(false);
            return trainer.Average.call(input).sub(without).abs().max().item<float>();
        }
        Tensor Query() => trainer.Checkpoint().Network["attention.level2.queryProjection.weight"].clone();
        var query = Query();
        trainer.RunEpoch(stepDone: null, CancellationToken.None);
        Effect().ShouldBe(0);
        Query().Equals(query).ShouldBeTrue();
        trainer.RunEpoch(stepDone: null, CancellationToken.None);
        Effect().ShouldBeGreaterThan(0);
        Query().Equals(query).ShouldBeFalse();
    }
}
