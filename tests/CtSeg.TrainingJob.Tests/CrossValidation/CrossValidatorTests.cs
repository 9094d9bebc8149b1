using CtSeg.Models;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Tests.Model;
using CtSeg.TrainingJob.Tests.Training;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.CrossValidation;

[Collection(TorchCollection.Name)]
public sealed class CrossValidatorTests
{
    private static readonly CrossValidationRun Run = new(Architectures.Full, Augmented: true, Seed: 1);

    private static readonly CrossValidationPlan Plan = new(
        new TrainingOptions
        {
            Configuration = ResidualAttentionUNetTests.Tiny with { AttentionLevels = [3] }, Epochs = 2, InputSize = 32, BatchSize = 3, ScoreEvery = 0,
        },
        [Run], Folds: 2, FoldSeed: 1, Steps: null);

    private static readonly TrainingData Data = TrainingRunTests.Circles(6);

    [Fact]
    public void Given_AFoldStoppedInTheSecondEpoch_When_CalledAgain_Then_ItGoesOnAndEndsAlike()
    {
        using var folder = new TemporaryFolder();
        var whole = new CrossValidator(folder["whole"], Plan, Data, TimeProvider.System).Fold(Run, 0, Silent, CancellationToken.None).ShouldNotBeNull();
        using var stop = new CancellationTokenSource();
        var stopped = new CrossValidator(folder["parts"], Plan, Data, TimeProvider.System);
        Should.Throw<OperationCanceledException>(() => stopped.Fold(Run, 0, _ => new StoppingProgress(stop), stop.Token));

        var progress = new CountingProgress();
        var resumed = new CrossValidator(folder["parts"], Plan, Data, TimeProvider.System).Fold(Run, 0, _ => progress, CancellationToken.None).ShouldNotBeNull();

        progress.Epochs.ShouldBe(1);
        resumed.LastLoss.ShouldBe(whole.LastLoss);
        WeightsOf(folder["parts"]).ShouldBe(WeightsOf(folder["whole"]));
        resumed.Slices.Select(slice => slice.AtMaskSize).ShouldBe(whole.Slices.Select(slice => slice.AtMaskSize));
    }

    [Fact]
    public void Given_AFinishedFold_When_CalledAgain_Then_ItIsReadAndNotTrained()
    {
        using var folder = new TemporaryFolder();
        var first = new CrossValidator(folder.Path, Plan, Data, TimeProvider.System).Fold(Run, 1, Silent, CancellationToken.None).ShouldNotBeNull();
        var again = new CrossValidator(folder.Path, Plan, Data, TimeProvider.System)
            .Fold(Run, 1, _ => throw new InvalidOperationException("trained again"), CancellationToken.None).ShouldNotBeNull();
        again.Slices.Select(slice => slice.Name).ShouldBe(first.Slices.Select(slice => slice.Name));
        again.Minutes.ShouldBe(first.Minutes);
    }

    [Fact]
    public void Given_AFinishedFold_When_OptionsThatChangeNoMaskDiffer_Then_ItIsReadAndOthersAreRefused()
    {
        using var folder = new TemporaryFolder();
        var first = new CrossValidator(folder.Path, Plan, Data, TimeProvider.System).Fold(Run, 1, Silent, CancellationToken.None).ShouldNotBeNull();
        FoldResult? Again(TrainingOptions options) => new CrossValidator(folder.Path, Plan with { Options = options }, Data, TimeProvider.System)
            .Fold(Run, 1, _ => throw new InvalidOperationException("trained again"), CancellationToken.None);
        var configuration = Plan.Options.Configuration;
        Again(Plan.Options with { Configuration = configuration with { Temperature = 2 }, InputCheckSteps = 7, HeldOutShare = 0.5, ScoreEvery = 3 })
            .ShouldNotBeNull().Minutes.ShouldBe(first.Minutes);
        Should.Throw<TrainingDataException>(() => Again(Plan.Options with { Configuration = configuration with { ClassOffsets = [0, 0, 0, 1] } })).Message.ShouldContain("configuration.classOffsets");
    }

    [Fact]
    public void Given_AFoldKilledBetweenItsModelAndItsResult_When_CalledAgain_Then_ItIsScoredAndNotTrained()
    {
        using var folder = new TemporaryFolder();
        var first = new CrossValidator(folder.Path, Plan, Data, TimeProvider.System).Fold(Run, 0, Silent, CancellationToken.None).ShouldNotBeNull();
        File.Delete(Path.Combine(folder.Path, Run.Name, "fold1.json"));
        var progress = new CountingProgress();
        var again = new CrossValidator(folder.Path, Plan, Data, TimeProvider.System).Fold(Run, 0, _ => progress, CancellationToken.None).ShouldNotBeNull();
        progress.Epochs.ShouldBe(0);
        again.Slices.Select(slice => slice.AtMaskSize).ShouldBe(first.Slices.Select(slice => slice.AtMaskSize));
    }

    [Fact]
    public void Given_AFoldThatAnotherProcessTrains_When_Called_Then_ItIsLeftAloneUntilThatOneEnds()
    {
        using var folder = new TemporaryFolder();
        var validator = new CrossValidator(folder.Path, Plan, Data, TimeProvider.System);
        var ofRun = Directory.CreateDirectory(Path.Combine(folder.Path, Run.Name)).FullName;
        using (TrainingLock.TryTake(Path.Combine(ofRun, "fold1.lock")).ShouldNotBeNull())
        {
            validator.Fold(Run, 0, _ => throw new InvalidOperationException("trained twice"), CancellationToken.None).ShouldBeNull();
            validator.Fold(Run, 1, Silent, CancellationToken.None).ShouldNotBeNull();
        }
        Directory.GetFiles(ofRun, "*.lock").ShouldHaveSingleItem();
        validator.Fold(Run, 0, Silent, CancellationToken.None).ShouldNotBeNull();
        Directory.GetFiles(ofRun, "*.lock").ShouldBeEmpty();
    }

    [Fact]
    public void Given_BothFolds_When_Scored_Then_EverySliceIsScoredOnce()
    {
        using var folder = new TemporaryFolder();
        var validator = new CrossValidator(folder.Path, Plan, Data, TimeProvider.System);
        var folds = new[] { 0, 1 }.Select(fold => validator.Fold(Run, fold, Silent, CancellationToken.None).ShouldNotBeNull()).ToList();
        folds.SelectMany(fold => fold.Slices).Select(slice => slice.Name).Order().ShouldBe(Data.Slices.Select(slice => slice.Name).Order());
        folds.SelectMany(fold => fold.Slices).ShouldAllBe(slice => slice.AtMaskSize.Sum() == 64 * 64 && slice.AtNetworkSize.Sum() == 48 * 48);
    }

    [Theory]
    [InlineData("fold1.json", false)]
    [InlineData("fold1.safetensors", false)]
    [InlineData("fold1.json", true)]
    [InlineData("fold1.safetensors", true)]
    public void Given_AResultOrCheckpointOfOtherOptionsOrFolds_When_CalledAgain_Then_ItIsRefused(string kept, bool otherFolds)
    {
        using var folder = new TemporaryFolder();
        new CrossValidator(folder.Path, Plan, Data, TimeProvider.System).Fold(Run, 0, Silent, CancellationToken.None);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder.Path, Run.Name)).Where(file => Path.GetFileName(file) != kept))
            File.Delete(file);
        var other = otherFolds ? Plan with { Folds = 3 } : Plan with { Options = Plan.Options with { LearningRate = 1 } };
        Should.Throw<TrainingDataException>(() => new CrossValidator(folder.Path, other, Data, TimeProvider.System).Fold(Run, 0, Silent, CancellationToken.None))
            .Message.ShouldContain(otherFolds ? "other " : "other options (learningRate: ");
    }

    [Fact]
    public void Given_ADamagedResult_When_CalledAgain_Then_TheFileIsNamed()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, Run.Name));
        File.WriteAllText(Path.Combine(folder.Path, Run.Name, "fold1.json"), "{");
        Should.Throw<TrainingDataException>(() => new CrossValidator(folder.Path, Plan, Data, TimeProvider.System).Fold(Run, 0, Silent, CancellationToken.None))
            .Message.ShouldContain("fold1.json");
    }

    [Theory]
    [InlineData("paper", true, 100, 6)]
    [InlineData("paper", false, 100, 33)]
    [InlineData("best", true, 10, 3)]
    public void Given_AWantedNumberOfSteps_When_Planned_Then_TheEpochsComeNearest(string recipe, bool augmented, int steps, int epochs)
    {
        var plan = Plan with { Options = TrainingOptions.OfRecipe(recipe) with { BatchSize = 2 }, Steps = steps };
        plan.OptionsOf(Run with { Augmented = augmented }, Data.Slices).Epochs.ShouldBe(epochs);
    }

    // Trained at 32 pixels and shown the slice at 48, a network finds other things than it learned.
    [Theory]
    [InlineData("paper", true, 32, 32)]
    [InlineData("paper", false, 32, 32)]
    [InlineData("paper", true, 369, null)]
    [InlineData("best", true, 128, 128)]
    [InlineData("best", false, 224, 224)]
    public void Given_WholeSlicesAtAnotherSize_When_Planned_Then_TheyArePredictedAtThatSize(string recipe, bool augmented, int inputSize, int? side)
    {
        var options = TrainingOptions.OfRecipe(recipe);
        var plan = Plan with { Options = options.For(options.Views, inputSize) };
        plan.OptionsOf(Run with { Augmented = augmented }, Data.Slices).Configuration.InputSide.ShouldBe(side);
    }

    private static string WeightsOf(string folder) => ModelFolder.ReadManifest(Path.Combine(folder, Run.Name, "fold1")).WeightsSha256;

    private static PlainProgress Silent(string name) => new(TextWriter.Null, TimeProvider.System);

    private sealed class CountingProgress : ITrainingProgress
    {
        public int Epochs { get; private set; }

        public void Started(TrainingStart start)
        {
        }

        public void StepDone(int steps)
        {
        }

        public void EpochDone(EpochRecord epoch) => Epochs++;
    }
}
