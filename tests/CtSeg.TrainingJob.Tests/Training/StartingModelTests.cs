using System.Text.Json;
using CtSeg.Models;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingJob.Tests.Model;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingRuns;

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

    private static readonly ModelManifest Champion = new()
    {
        Version = "champion",
        CreatedUtc = DateTime.UnixEpoch,
        Configuration = new ModelConfiguration { InputSide = 224, PredictsMirrored = true },
        Classes = [],
        Preprocessing = new ModelPreprocessing(369, 369, "area", "grey"),
        WeightsSha256 = new string('a', 64),
        WeightsLicence = "MIT",
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
        Should.Throw<TrainingDataException>(() => Train("second", Options.From(other.Manifest), Circles(4, 8), other)).Message.ShouldContain("startsFrom: \"" + model.Manifest.WeightsSha256);
    }

    [Theory]
    [InlineData("--arch", "unet")]
    [InlineData("--base-channels", "8")]
    [InlineData("--input-size", "64")]
    public void Given_AModelToGoOnFrom_When_TheCommandIsGivenAnotherShape_Then_Refused(string option, string value) =>
        TrainCommand.Create().Parse(["--data", "d", "--out", "o", "--from", "m", option, value]).Errors.ShouldHaveSingleItem().Message.ShouldContain("from the model");

    [Fact]
    public void Given_AModelToGoOnFrom_When_NothingElseIsSaid_Then_TheCommandTrainsAsANightDoesButForHoldingOutAndScoring()
    {
        var nightly = RetrainingRecipe.For(new TrainingRunRequest(TrainingRunRequest.BySchedule), Champion);
        var command = CommandOptions(Champion, "--hold-out", "0");
        Json(command with { ScoreEvery = nightly.ScoreEvery }).ShouldBe(Json(nightly));
        Json(command).ShouldBe(Json(CommandOptions(Champion, "--hold-out", "0", "--recipe", TrainingOptions.FineTuneRecipe)));
        (command.Epochs, command.LearningRate, command.AttendsFrom, command.Stages.Count, command.StartsFrom).ShouldBe((60, 1e-3, 0, 0, Champion.WeightsSha256));
        // Without a model it begins anew, as the best recipe says.
        var anew = TrainingOptions.OfRecipe(TrainingOptions.BestRecipe);
        Json(CommandOptions(from: null)).ShouldBe(Json(anew.For(anew.Views, anew.InputSize)));
    }

    [Fact]
    public void Given_ANightFromScratch_When_ItsOptionsAreMade_Then_AttentionMayJoinLate()
    {
        var nightly = RetrainingRecipe.For(new TrainingRunRequest(TrainingRunRequest.BySchedule) { FromScratch = true }, Champion);
        (nightly.AttendsFrom, nightly.StartsFrom).ShouldBe((TrainingOptions.OfRecipe(TrainingOptions.BestRecipe).AttendsFrom, null));
    }

    [Fact]
    public void Given_AModelToGoOnFrom_When_TheRecipeLetsAttentionJoinLate_Then_RefusedSinceItsOwnWouldBeSilenced()
    {
        var recipe = Path.Combine(_folder["."], "late.json");
        File.WriteAllText(recipe, """{ "attendsFrom": 0.5 }""");
        foreach (var late in new[] { TrainingOptions.BestRecipe, recipe })
        {
            Should.Throw<InvalidDataException>(CommandOptions(Champion, "--recipe", late).Validate).Message.ShouldContain("take the recipe fine-tune");
            CommandOptions(from: null, "--recipe", late).Validate();
        }
        Should.Throw<InvalidDataException>(() => Train("late", Options.From(Champion) with { AttendsFrom = 0.5 }, TrainingRunTests.Circles(4), from: null));
    }

    private static TrainingOptions CommandOptions(ModelManifest? from, params string[] arguments) =>
        TrainCommand.Options(TrainCommand.Create().Parse(["--data", "d", "--out", "o", .. arguments]), from);

    private static string Json(TrainingOptions options) => JsonSerializer.Serialize(options, TrainingJson.Default.TrainingOptions);

    private ModelManifest Train(string name, TrainingOptions options, TrainingData data, StartingModel? from) =>
        new TrainingRun(_folder[name], name, TimeProvider.System) { Resume = true, From = from }
            .Execute(options, data, new PlainProgress(TextWriter.Null, TimeProvider.System), CancellationToken.None);

    private static TrainingData Circles(int from, int until) =>
        new([.. TrainingRunTests.Circles(until).Slices.Skip(from)], $"circles {from} to {until}");
}
