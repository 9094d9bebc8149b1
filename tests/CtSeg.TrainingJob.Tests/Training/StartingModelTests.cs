using CtSeg.Models;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Tests.Model;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.Training;

[Collection(TorchCollection.Name)]
public sealed class StartingModelTests : IDisposable
{
    private static readonly TrainingOptions Options = new()
    {
        Configuration = ResidualAttentionUNetTests.Tiny,
        Epochs = 2,
        InputSize = 32,
        BatchSize = 3,
        HeldOutShare = 0,
        ScoreEvery = 0,
        InputCheckSteps = 2,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Given_AModel_When_TrainingGoesOnFromIt_Then_ItBeginsWithItsWeightsAndNamesIt()
    {
        var first = Train("first", Options, TrainingRunTests.Circles(4), from: null);
        using var model = StartingModel.Load(_folder["first"]);
        // So small a rate moves nothing: what comes out is what went in.
        var options = (Options with { Seed = 9, LearningRate = 1e-12, WeightDecay = 0 }).From(model.Manifest);
        var second = Train("second", options, TrainingRunTests.Circles(8), model);
        using var after = StartingModel.Load(_folder["second"]);
        foreach (var (name, weights) in model.Weights.Where(tensor => !tensor.Key.Contains("running_", StringComparison.Ordinal)))
            (after.Weights[name] - weights).abs().max().item<float>().ShouldBeLessThan(1e-6f, name);
        second.ParentVersion.ShouldBe("first");
        second.Training!.Options.GetProperty("startsFrom").GetString().ShouldBe(first.WeightsSha256);
        foreach (var (name, weights) in model.InputCheck!.ToTensors())
            after.InputCheck!.ToTensors()[name].Equals(weights).ShouldBeTrue(name);
    }

    [Fact]
    public void Given_AModel_When_TrainingGoesOnFromIt_Then_WhatBothLearntFromIsNoted()
    {
        Train("first", Options, Circles(0, 4), from: null);
        using var model = StartingModel.Load(_folder["first"]);
        Train("second", Options.From(model.Manifest), Circles(4, 8), model);
        ModelFolder.FindTrainedOn(_folder["second"], "second")!.Pictures.ShouldBe(
            TrainingRun.LearntFrom("second", TrainingRunTests.Circles(8).Slices).Pictures, ignoreOrder: true);
    }

    [Fact]
    public void Given_AModelOfUnknownPast_When_TrainingGoesOnFromIt_Then_NoHalfOfThePastIsNotedAndNothingIsHeldOut()
    {
        Train("first", Options, Circles(0, 4), from: null);
        File.Delete(Path.Combine(_folder["first"], ModelFolder.TrainedOnName));
        using var model = StartingModel.Load(_folder["first"]);
        Train("second", Options.From(model.Manifest), Circles(4, 8), model);
        ModelFolder.FindTrainedOn(_folder["second"], "second").ShouldBeNull();
        var scored = Options.From(model.Manifest) with { HeldOutShare = 0.5 };
        Should.Throw<TrainingDataException>(() => Train("third", scored, Circles(4, 8), model)).Message.ShouldContain("Nobody noted");
    }

    [Fact]
    public void Given_HeldOutSlicesThatTheModelLearntFrom_When_TrainingGoesOn_Then_RefusedAndUnseenOnesAreNot()
    {
        Train("first", Options, Circles(0, 4), from: null);
        using var model = StartingModel.Load(_folder["first"]);
        var scored = Options.From(model.Manifest) with { HeldOutShare = 0.5 };
        Should.Throw<TrainingDataException>(() => Train("seen", scored, TrainingRunTests.Circles(8), model)).Message.ShouldContain("learnt from");
        Train("unseen", scored, Circles(4, 8), model).Scores.ShouldNotBeNull();
    }

    [Fact]
    public void Given_ATrainingFromAModel_When_ResumedFromAnother_Then_Refused()
    {
        Train("first", Options, Circles(0, 4), from: null);
        Train("other", Options with { Seed = 2 }, Circles(0, 4), from: null);
        using var model = StartingModel.Load(_folder["first"]);
        using var other = StartingModel.Load(_folder["other"]);
        Train("second", Options.From(model.Manifest), Circles(4, 8), model);
        Should.Throw<TrainingDataException>(() => Train("second", Options.From(other.Manifest), Circles(4, 8), other)).Message.ShouldContain("other data");
    }

    [Theory]
    [InlineData("--arch", "unet")]
    [InlineData("--base-channels", "8")]
    [InlineData("--input-size", "64")]
    public void Given_AModelToGoOnFrom_When_TheCommandIsGivenAnotherShape_Then_Refused(string option, string value) =>
        TrainCommand.Create().Parse(["--data", "d", "--out", "o", "--from", "m", option, value]).Errors.ShouldHaveSingleItem().Message.ShouldContain("from the model");

    private ModelManifest Train(string name, TrainingOptions options, TrainingData data, StartingModel? from) =>
        new TrainingRun(_folder[name], name, TimeProvider.System) { Resume = true, From = from }
            .Execute(options, data, new PlainProgress(TextWriter.Null), CancellationToken.None);

    private static TrainingData Circles(int from, int until) =>
        new([.. TrainingRunTests.Circles(until).Slices.Skip(from)], $"circles {from} to {until}");
}
