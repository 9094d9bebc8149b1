using System.Security.Cryptography;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Tests.Model;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingJob.WeightFiles;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.TrainingJob.Tests.Training;

[Collection(TorchCollection.Name)]
public sealed class TrainingRunTests
{
    internal static readonly TrainingOptions Options = new()
    {
        Configuration = ResidualAttentionUNetTests.Tiny with { AttentionLevels = [2, 3] },
        Epochs = 2,
        InputSize = 32,
        BatchSize = 3,
        HeldOutShare = 0.3,
        ScoreEvery = 1,
        InputCheckSteps = 2,
    };

    internal static ModelManifest Manifest(ModelConfiguration configuration) => TrainingRun.NewManifest("test", configuration, TimeProvider.System);

    [Theory]
    [InlineData("{", "cannot be read")]
    [InlineData("null", "is empty")]
    [InlineData(null, "has no history")]
    public void Given_ADamagedCheckpoint_When_Loaded_Then_RefusedWithTheReason(string? history, string reason)
    {
        using var folder = new TemporaryFolder();
        var metadata = history is null ? null : new Dictionary<string, string> { ["history"] = history };
        File.WriteAllBytes(folder[TrainingCheckpoint.FileName], Safetensors.Write(new Dictionary<string, TorchSharp.torch.Tensor>(), metadata));
        Should.Throw<WeightsFormatException>(() => TrainingCheckpoint.Load(folder[TrainingCheckpoint.FileName])).Message.ShouldContain(reason);
    }

    // The second starts anew just where the attention joins and the views grow.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Given_ARunThatStoppedAfterAnEpoch_When_Resumed_Then_ItEndsWithTheSameBits(bool staged)
    {
        using var folder = new TemporaryFolder();
        var data = Circles(8);
        var options = staged
            ? Options with { InputSize = 64, Stages = [new(0.5, 0.5)], AttendsFrom = 0.5, AttendsRate = 0.25, Variation = TrainingOptions.OfRecipe(TrainingOptions.BestRecipe).Variation }
            : Options;
        var whole = Run(folder["whole"], resume: false).Execute(options, data, new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None);

        using (var first = new Trainer(options, data, TimeProvider.System))
        {
            first.RunEpoch(stepDone: null, CancellationToken.None);
            Directory.CreateDirectory(folder["parts"]);
            first.Checkpoint().Save(Path.Combine(folder["parts"], TrainingCheckpoint.FileName));
        }
        var resumed = Run(folder["parts"], resume: true).Execute(options, data, new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None);

        resumed.WeightsSha256.ShouldBe(whole.WeightsSha256);
        resumed.Training!.Epochs.ShouldBe(2);
        resumed.Training.Machines.ShouldHaveSingleItem();
        resumed.Scores!.Foreground.Infection.ShouldBe(whole.Scores!.Foreground.Infection);
    }

    [Fact]
    public void Given_ACheckpointOfAnotherMachine_When_Restored_Then_ItIsSaidAndBothAreNamed()
    {
        using var first = new Trainer(Options, Circles(8), TimeProvider.System);
        first.RunEpoch(stepDone: null, CancellationToken.None);
        first.Start.Moved.ShouldBeFalse();
        var checkpoint = first.Checkpoint();
        var elsewhere = new TrainingMachine("Z80", 1, "abc");
        using var second = new Trainer(Options, Circles(8), TimeProvider.System);
        second.Restore(checkpoint with { History = checkpoint.History with { Machines = [elsewhere] } });
        second.Start.Moved.ShouldBeTrue();
        second.Start.Describe().ShouldEndWith("going on after epoch 1 with another machine, device, program or number of threads: its bits may differ from those of an undisturbed training");
        second.RunEpoch(stepDone: null, CancellationToken.None);
        second.History.Machines.ShouldBe([elsewhere, TrainingMachine.Current]);
    }

    [Fact]
    public void Given_ARunThatEndedBeforeItsHistoryWasWritten_When_Resumed_Then_TheHistoryHasEveryEpoch()
    {
        using var folder = new TemporaryFolder();
        Run(folder.Path, resume: false).Execute(Options, Circles(8), new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None);
        var whole = File.ReadAllText(folder["training.json"]);
        File.WriteAllText(folder["training.json"], "that of the epoch before");
        Run(folder.Path, resume: true).Execute(Options, Circles(8), new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None);
        File.ReadAllText(folder["training.json"]).ShouldBe(whole);
    }

    [Fact]
    public void Given_AFolderWithARun_When_AnotherIsStartedThere_Then_ItIsRefusedAndTheFirstStays()
    {
        using var folder = new TemporaryFolder();
        var first = Run(folder.Path, resume: false).Execute(Options, Circles(8), new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None);
        Should.Throw<TrainingDataException>(() => Run(folder.Path, resume: false)
            .Execute(Options with { Seed = 2 }, Circles(8), new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None)).Message.ShouldContain("--resume");
        ModelFolder.ReadManifest(folder.Path).WeightsSha256.ShouldBe(first.WeightsSha256);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Given_AFolderWithAModelAndNoCheckpoint_When_ATrainingIsStartedThere_Then_ItIsRefusedAndTheModelStays(bool resume)
    {
        using var folder = new TemporaryFolder();
        NewModelCommand.Create(folder["model"], Options.Configuration, seed: 1, TimeProvider.System);
        string Files() => string.Join('\n', Directory.GetFiles(folder["model"]).Order(StringComparer.Ordinal).Select(file => $"{file} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}"));
        var before = Files();
        Should.Throw<TrainingDataException>(() => Run(folder["model"], resume).Execute(Options, Circles(8), new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None))
            .Message.ShouldBe($"'{folder["model"]}' holds a model without the checkpoint of its training, which this training would overwrite: give another folder.");
        Files().ShouldBe(before);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Given_ScoresOfTheRecipe_When_AModelOnAllSlicesEnds_Then_ItGetsThemOnlyIfItIsTrainedToTheEnd(bool isCutOff)
    {
        using var folder = new TemporaryFolder();
        var scores = Run(folder["held-out"], resume: false).Execute(Options, Circles(8), new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None).Scores!;
        var run = new TrainingRun(folder["all"], "test", TimeProvider.System) { Limit = isCutOff ? TimeSpan.FromTicks(1) : null, ScoresOfRecipe = scores };
        var manifest = run.Execute(Options with { HeldOutShare = 0 }, Circles(8), new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None);
        manifest.Scores.ShouldBe(isCutOff ? null : scores);
        var said = TrainCommand.Describe("out", manifest, Options.Epochs).ToList();
        said[0].ShouldBe(isCutOff ? $"out: unfinished, {manifest.Training!.Epochs} of 2 epochs; the same command with --resume goes on." : $"out: {scores.Slices} held-out slices of {scores.Groups} groups, foreground protocol");
        said.Count.ShouldBe(isCutOff ? 1 : 7);
        said[^1].EndsWith(GroupBootstrap.Caveat, StringComparison.Ordinal).ShouldBe(!isCutOff);
    }

    [Fact]
    public void Given_StagesAndLateAttention_When_Started_Then_EpochsCostAsTheirPixelsAndAttentionDo()
    {
        using var trainer = new Trainer(
            Options with { Epochs = 4, InputSize = 64, Stages = [new(0.5, 0.5)], AttendsFrom = 0.75 }, Circles(4), TimeProvider.System);
        var costs = trainer.Start.Costs;
        costs.Select(cost => cost / costs[0]).ShouldBe([1, 1, 4, 12]);
    }

    [Fact]
    public void Given_AFinishedRun_When_Looked_At_Then_TheFolderHoldsModelHistoryCurvesAndScores()
    {
        using var folder = new TemporaryFolder();
        var output = new StringWriter();
        var manifest = Run(folder.Path, resume: false).Execute(Options, Circles(8), new PlainProgress(output, TimeProvider.System), CancellationToken.None);
        ModelFolder.ReadManifest(folder.Path).WeightsSha256.ShouldBe(manifest.WeightsSha256);
        File.Exists(folder["training.json"]).ShouldBeTrue();
        File.ReadAllBytes(folder["curves.png"]).AsSpan(1, 3).ToArray().ShouldBe("PNG"u8.ToArray());
        manifest.Scores!.Attention.ShouldNotBeNull();
        manifest.Training!.HeldOutGroups.Count.ShouldBe(manifest.Scores.Groups);
        output.ToString().ShouldContain("epoch 2/2: loss");
        output.ToString().ShouldContain("held-out Dice infection 0.");
    }

    [Fact]
    public void Given_TheRecipeOfThePaper_When_ARunIsResumed_Then_ItEndsWithTheSameBitsAndShowsEverySliceSixTimes()
    {
        using var folder = new TemporaryFolder();
        var (data, options) = (Circles(6), TrainingOptions.OfRecipe("paper") with { Configuration = Options.Configuration, Epochs = 2, InputSize = 32, BatchSize = 6, InputCheckSteps = 0 });
        var whole = Run(folder["whole"], resume: false).Execute(options, data, new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None);
        using (var first = new Trainer(options, data, TimeProvider.System))
        {
            first.StepsPerEpoch.ShouldBe(first.Split.Training.Count);
            first.RunEpoch(stepDone: null, CancellationToken.None).LearningRate.ShouldBe(1e-3);
            Directory.CreateDirectory(folder["parts"]);
            first.Checkpoint().Save(Path.Combine(folder["parts"], TrainingCheckpoint.FileName));
        }
        var resumed = Run(folder["parts"], resume: true).Execute(options, data, new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None);
        resumed.WeightsSha256.ShouldBe(whole.WeightsSha256);
    }

    [Fact]
    public void Given_AnUnknownRecipeOrView_When_AskedFor_Then_TheKnownOnesAreNamed()
    {
        Should.Throw<InvalidDataException>(() => TrainingOptions.OfRecipe("mine")).Message.ShouldContain("paper");
        Should.Throw<InvalidDataException>(() => Views.Create(Options with { Views = "mine" })).Message.ShouldContain("varied");
    }

    [Fact]
    public void Given_ACheckpointOfOtherOptions_When_Resumed_Then_ItIsRefused()
    {
        using var folder = new TemporaryFolder();
        var data = Circles(6);
        using (var trainer = new Trainer(Options, data, TimeProvider.System))
            trainer.Checkpoint().Save(folder[TrainingCheckpoint.FileName]);
        Should.Throw<TrainingDataException>(() => Run(folder.Path, resume: true).Execute(
            Options with { LearningRate = 1 }, data, new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None))
            .Message.ShouldContain("other options (learningRate: ");
        Should.Throw<TrainingDataException>(() => Run(folder.Path, resume: true).Execute(
            Options, data with { Sha256 = "another" }, new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None))
            .Message.ShouldContain("other data:");
    }

    [Fact]
    public void Given_ADamagedCheckpoint_When_Loaded_Then_TheTypedErrorIsThrown()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["c"], new byte[100]);
        Should.Throw<WeightsFormatException>(() => TrainingCheckpoint.Load(folder["c"]));
    }

    [Fact]
    public void Given_AFullDisk_When_ACheckpointIsSaved_Then_TheOldOneStaysAndNoPartOfTheNewOne()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "Needs a device that is full.");
        using var folder = new TemporaryFolder();
        var path = folder[TrainingCheckpoint.FileName];
        using var trainer = new Trainer(Options, Circles(6), TimeProvider.System);
        trainer.Checkpoint().Save(path);
        var before = File.ReadAllBytes(path);
        trainer.RunEpoch(stepDone: null, CancellationToken.None);
        File.CreateSymbolicLink(path + ".tmp", "/dev/full");

        Should.Throw<IOException>(() => trainer.Checkpoint().Save(path));

        File.ReadAllBytes(path).ShouldBe(before);
        Directory.GetFiles(folder.Path).ShouldBe([path]);
    }

    [Fact]
    public void Given_EpochsOfAKnownLength_When_Shown_Then_TheTimeLeftFollowsFromTheirCost()
    {
        var output = new StringWriter();
        var progress = new PlainProgress(output, TimeProvider.System);
        // 88 epochs are left, the last 10 of which cost 300 times as much.
        progress.Started(new TrainingStart(
            new GroupSplit([], []), EpochsDone: 10, [.. Enumerable.Repeat(2.0, 90), .. Enumerable.Repeat(600.0, 10)], StepsPerEpoch: 1, Moved: false));
        progress.EpochDone(new EpochRecord(11, 0.5, 1e-3, null, 30));
        progress.EpochDone(new EpochRecord(12, 0.5, 1e-3, new Dictionary<string, double?> { ["infection"] = 0.75 }, 50));
        var lines = output.ToString().Split('\n');
        lines[1].ShouldContain("epoch 11/100: loss 0.5000, 30.0 s, 25:39:30 left");
        lines[2].ShouldContain("held-out Dice infection 0.750, 50.0 s, 34:12:00 left");
    }

    [Fact]
    public void Given_EpochsOfMinutes_When_ShownInAPipe_Then_AMinuteIsTheLongestSilence()
    {
        var (output, time) = (new StringWriter(), new FakeTimeProvider());
        var progress = new PlainProgress(output, time);
        progress.Started(new TrainingStart(new GroupSplit([], []), EpochsDone: 1, [1, 1, 1], StepsPerEpoch: 9, Moved: false));
        foreach (var epoch in new[] { 2, 3 })
        {
            for (var step = 1; step <= 9; step++)
            {
                time.Advance(TimeSpan.FromSeconds(20));
                progress.StepDone(step);
            }
            progress.EpochDone(new EpochRecord(epoch, 0.5, 1e-3, null, 180));
        }
        output.ToString().Split(Environment.NewLine)[1..^1].Select(line => line.Split(", ")[0]).ShouldBe(
            ["epoch 2/3: step 3 of 9", "epoch 2/3: step 6 of 9", "epoch 2/3: step 9 of 9", "epoch 2/3: loss 0.5000",
             "epoch 3/3: step 3 of 9", "epoch 3/3: step 6 of 9", "epoch 3/3: step 9 of 9", "epoch 3/3: loss 0.5000"]);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0)]
    public void Given_SlicesHeldOutOrNone_When_TheTrainingIsStoppedAfterAnEpoch_Then_TheCurvesAreThere(double heldOutShare)
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        Should.Throw<OperationCanceledException>(() => Run(folder.Path, resume: false).Execute(Options with { HeldOutShare = heldOutShare }, Circles(8), new StoppingProgress(stop), stop.Token));
        File.ReadAllBytes(folder["curves.png"]).AsSpan(1, 3).ToArray().ShouldBe("PNG"u8.ToArray());
    }

    private static TrainingRun Run(string folder, bool resume) => new(folder, "test", TimeProvider.System) { Resume = resume };

    /// <summary>Bright discs on dark ground; the disc is class 1 or 2, the masks are larger than the images.</summary>
    internal static TrainingData Circles(int count) => new(
        [.. Enumerable.Range(0, count).Select(index =>
        {
            var random = new Random(index);
            var (x, y, radius) = (random.Next(12, 36), random.Next(12, 36), random.Next(6, 12));
            byte Inside(double column, double row, byte value) =>
                ((column - x) * (column - x)) + ((row - y) * (row - y)) < radius * radius ? value : (byte)0;
            var image = new byte[48 * 48];
            var mask = new byte[64 * 64];
            for (var i = 0; i < image.Length; i++)
                image[i] = (byte)(40 + random.Next(20) + Inside(i % 48, i / 48, 150));
            for (var i = 0; i < mask.Length; i++)
                mask[i] = Inside((i % 64) * 0.75, (i / 64) * 0.75, 1);
            return new LabelledSlice($"s{index}", $"g{index / 2}", new GreyImage(48, 48, image), new LesionMask(64, 64, mask));
        })],
        "circles");
}
