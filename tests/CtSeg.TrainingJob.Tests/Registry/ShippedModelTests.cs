using System.Globalization;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Promotion;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Tests.Evaluation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.Registry;

[Collection(TorchCollection.Name)]
public sealed class ShippedModelTests
{
    [Fact]
    public void Given_TheShippedWeights_When_Loaded_Then_TheirManifestKeepsItsPromises()
    {
        var folder = ShippedModel.Folder(ShippedModel.Root);
        var (manifest, network, check) = ModelFolder.Load(folder);
        var card = File.ReadAllText(Path.Combine(Repository.Root, "docs", "model-card.md"));
        card.ShouldContain(string.Create(
            CultureInfo.InvariantCulture, $"{network.parameters().Sum(one => one.numel()):N0} weights, and {check.ShouldNotBeNull().parameters().Sum(one => one.numel()):N0} of the input check, {new FileInfo(Path.Combine(folder, ModelFolder.WeightsName)).Length / 1e6:F1} MB"));
        card.ShouldContain(string.Create(CultureInfo.InvariantCulture, $"{manifest.Training!.Minutes:F0} minutes on one core"));
        network.Dispose();
        check.Dispose();
        manifest.Version.ShouldBe(Path.GetFileName(folder));
        manifest.Configuration.UsesAttention.ShouldBeTrue();
        manifest.Configuration.AttentionLevels.ShouldBe([0, 1, 2, 3], ignoreOrder: true);
        manifest.Training!.HeldOutGroups.ShouldBeEmpty();
        manifest.Scores!.Note.ShouldBe(FoldScores.Note);
        manifest.Scores.Slices.ShouldBe(manifest.Training.Slices);
        manifest.Scores.Groups.ShouldBe(manifest.Training.Groups);
        manifest.Scores.Foreground.Infection.Dice!.Value.ShouldBeGreaterThanOrEqualTo(0.75);
        manifest.Scores.Foreground.Classes[0].Dice!.Value.ShouldBeGreaterThanOrEqualTo(0.64);
        manifest.Scores.Foreground.Classes[1].Dice!.Value.ShouldBeGreaterThanOrEqualTo(0.52);
        manifest.Scores.Attention!.ChangedLesionPixels.ShouldBeGreaterThan(0.01);
        new FileInfo(Path.Combine(folder, ModelFolder.WeightsName)).Length.ShouldBeLessThan(20_000_000);
        File.ReadAllText(Path.Combine(folder, "LICENSE")).ShouldContain("non-commercial");
    }

    [Fact]
    public void Given_TheShippedWeights_When_AskedWhatTheyLearntFrom_Then_AsManyPicturesAsTheManifestSaysAndNoNames()
    {
        var folder = ShippedModel.Folder(ShippedModel.Root);
        var manifest = ModelFolder.ReadManifest(folder);
        var trainedOn = ModelFolder.FindTrainedOn(folder, manifest.Version).ShouldNotBeNull();
        trainedOn.Pictures.Select(picture => picture.Sha256).Distinct().Count().ShouldBe(manifest.Training!.Slices);
        trainedOn.Groups.ShouldBeEmpty();
    }

    [Fact]
    public void Given_TheSlicesOfTheShippedWeights_When_Compared_Then_EachIsKnownToThem()
    {
        var folder = ShippedModel.Folder(ShippedModel.Root);
        var trainedOn = ModelFolder.FindTrainedOn(folder, ModelFolder.ReadManifest(folder).Version).ShouldNotBeNull();
        var data = RealSlices.Load();
        ComparisonSet.Of(data).UnseenBy(trainedOn).ShouldBeEmpty();
        trainedOn.Masks.ShouldNotBeNull().ShouldBe(data.Slices.Select(slice => LearntMask.Of(PictureIdentity.Of(slice.Image), slice.Mask)), ignoreOrder: true);
    }

    /// <summary>What the folds' models saw in every slice is in the repository; what the manifest says of them is added up again here.</summary>
    [Fact]
    public void Given_TheCountsOfTheFolds_When_AddedUp_Then_TheyAreTheScoresOfTheManifest()
    {
        const double otherProcessor = 1e-4;     // The manifest's predictions were made anew, maybe on another: a few pixels between two classes fall otherwise.
        var manifest = ModelFolder.ReadManifest(ShippedModel.Folder(ShippedModel.Root));
        BestResults.Report.GetProperty("dataSha256").GetString().ShouldBe(manifest.Training!.DataSha256);
        BestResults.OfReport.Select(slice => slice.Name).Distinct().Count().ShouldBe(manifest.Scores!.Slices);
        BestResults.OfReport.Count.ShouldBe(manifest.Scores.Slices);
        var counts = ConfusionMatrix.Sum(BestResults.OfReport.Select(slice => slice.Counts));
        for (var label = 1; label <= 3; label++)
            manifest.Scores.Foreground.Classes[label - 1].Dice!.Value.ShouldBe(counts.Dice(label)!.Value, otherProcessor);
        manifest.Scores.Foreground.Infection.Dice!.Value.ShouldBe(counts.Dice(1, 2, 3)!.Value, otherProcessor);
    }

    /// <summary>A model that is trained by the recipe is judged as the shipped one is, and what users must know stands in both.</summary>
    [Fact]
    public void Given_TheShippedWeights_When_HeldAgainstRecipeAndCard_Then_BothAreThoseOfTheRepository()
    {
        var folder = ShippedModel.Folder(ShippedModel.Root);
        var manifest = ModelFolder.ReadManifest(folder);
        var best = TrainingOptions.OfRecipe(TrainingOptions.BestRecipe).Configuration;
        manifest.Configuration.Temperature.ShouldBe(best.Temperature);
        manifest.Configuration.ClassOffsets.ShouldBe(best.ClassOffsets);
        manifest.Card.ShouldBe(ModelCardFile.Read(Path.Combine(ShippedModel.Root, "card.json")));
    }

    /// <summary>No slices are left that the weights never saw: the folds' scores cannot be had again from them. That they learnt their slices, and better than the folds know others, can.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public void Given_TheShippedWeights_When_ScoredOnTheirSlices_Then_TheyKnowThemBetterThanTheFoldsKnewOthers()
    {
        var data = RealSlices.Load();
        var (manifest, network, check) = ModelFolder.Load(ShippedModel.Folder(ShippedModel.Root));
        using (network)
        using (check)
        {
            data.Sha256.ShouldBe(manifest.Training!.DataSha256);
            data.Slices.ShouldAllBe(slice => InputCheckResult.Of(check!.Score(slice.Image)).Warning == null);
            var scores = Evaluator.Score(network, data.Slices, zeroAttention: false, TestContext.Current.CancellationToken).Foreground;
            scores.Infection.Dice!.Value.ShouldBeGreaterThan(manifest.Scores!.Foreground.Infection.Interval!.High);
            foreach (var (fitted, unseen) in scores.Classes.Zip(manifest.Scores.Foreground.Classes))
                fitted.Dice!.Value.ShouldBeGreaterThan(unseen.Dice!.Value);
        }
    }

    [Theory]
    [InlineData("{\"version\":\"../elsewhere\",\"weightsSha256\":\"\"}", "names no model version")]
    [InlineData("{\"version\":3}", "cannot be read")]
    [InlineData(null, "does not exist")]
    public void Given_ABadCurrentModel_When_Looked_Up_Then_TheReasonIsGiven(string? content, string reason)
    {
        using var folder = new TemporaryFolder();
        if (content is not null)
            File.WriteAllText(folder[ShippedModel.CurrentName], content);
        Should.Throw<ModelFolderException>(() => ShippedModel.Folder(folder.Path)).Message.ShouldContain(reason);
    }
}

/// <summary>The development slices, which are not part of the repository.</summary>
internal static class RealSlices
{
    public static TrainingData Load() => TrainingData.Load(Folder());

    /// <summary>The test skips where they are not.</summary>
    public static string Folder()
    {
        var folder = Find();
        Assert.SkipWhen(folder is null, "The development slices are not on this machine: set CTSEG_TEST_DATA to the folder that holds ct79.");
        return folder!;
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("CTSEG_TEST_DATA") is { Length: > 0 } named)
            return Existing(named);
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (Existing(Path.Combine(at.FullName, "shared", "data")) is { } found)
                return found;
        }
        return null;
    }

    private static string? Existing(string root) => Directory.Exists(Path.Combine(root, "ct79")) ? Path.Combine(root, "ct79") : null;
}
