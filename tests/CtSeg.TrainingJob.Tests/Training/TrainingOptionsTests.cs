using System.Text.Json;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.Training;

/// <summary>The recipes are those that the documents, the shipped weights and the paper name.</summary>
[Collection(TorchCollection.Name)]
public sealed class TrainingOptionsTests
{
    [Fact]
    public void Given_TheShippedWeights_When_Compared_Then_TheyWereTrainedByTheBestRecipe() =>
        FoldScores.FindDifference(TrainingOptions.OfRecipe("best"), OptionsOf(ShippedModel.Folder(ShippedModel.Root))).ShouldBeNull();

    [Fact]
    public void Given_TheRecipeFileThatTheModelCardNames_When_Compared_Then_ItIsTheBestRecipe()
    {
        var file = Path.Combine(Repository.Root, "docs", "results", "recipes", "simulated1000.json");
        FoldScores.FindDifference(TrainingOptions.OfRecipe("best"), TrainingOptions.OfRecipe(file)).ShouldBeNull();
    }

    [Fact]
    public void Given_TheFoldsOfTheBestRecipe_When_Compared_Then_TheyWereTrainedByIt()
    {
        var folds = Directory.GetFiles(Path.Combine(Repository.Root, "docs", "results", "best"), "fold*.json");
        folds.Length.ShouldBe(5);
        folds.Select(fold => JsonSerializer.Deserialize(File.ReadAllBytes(fold), CrossValidationJson.Default.FoldResult)!.Options)
            .ShouldAllBe(options => FoldScores.FindDifference(TrainingOptions.OfRecipe("best"), options) == null);
    }

    [Fact]
    public void Given_ARecipeThatDiffers_When_Compared_Then_ItIsAnotherUnlessOnlyWhatIsNoPartOfItDiffers()
    {
        var best = TrainingOptions.OfRecipe("best");
        FoldScores.FindDifference(best, best with { HeldOutShare = 0, InputCheckSteps = 0, ScoreEvery = 0, Seed = 7 }).ShouldBeNull();
        FoldScores.FindDifference(best, best with { Epochs = 999 }).ShouldBe($"epochs: {best.Epochs} there, 999 here");
        FoldScores.FindDifference(best, best with { ClassWeights = [1, 2, 3, 4] }).ShouldEndWith("there, [1,2,3,4] here");
        FoldScores.FindDifference(best, best with { Configuration = best.Configuration with { PredictsMirrored = false } }).ShouldBe("configuration.predictsMirrored: true there, false here");
    }

    // Section III: Adam as it is, 100 epochs, cross entropy, six views of every slice of 369 x 369, attention at every level.
    [Fact]
    public void Given_TheRecipeOfThePaper_When_Read_Then_ItHasThePapersFigures()
    {
        var paper = TrainingOptions.OfRecipe("paper");
        paper.Epochs.ShouldBe(100);
        paper.LearningRate.ShouldBe(1e-3);
        paper.OneCycle.ShouldBeFalse();
        paper.WeightDecay.ShouldBe(0);
        paper.AverageDecay.ShouldBe(0);
        paper.Dice.ShouldBe(DiceTerms.None);
        paper.ClassWeights.ShouldBeNull();
        paper.Views.ShouldBe(Views.Paper);
        Views.Create(paper).PerSlice.ShouldBe(6);
        paper.Stages.ShouldBeEmpty();
        paper.AttendsFrom.ShouldBe(0);
        paper.InputSize.ShouldBe(369);
        paper.Configuration.InputSide.ShouldBeNull();
        paper.Configuration.PredictsMirrored.ShouldBeFalse();
        paper.Configuration.Architecture.ShouldBe(Architectures.Full);
        paper.Configuration.AttentionLevels.ShouldBe([0, 1, 2, 3]);
    }

    private static TrainingOptions OptionsOf(string model) =>
        ModelFolder.ReadManifest(model).Training!.Options.Deserialize(TrainingJson.Default.TrainingOptions)!;
}
