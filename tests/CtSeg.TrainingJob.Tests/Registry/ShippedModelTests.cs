using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.Registry;

[Collection(TorchCollection.Name)]
public sealed class ShippedModelTests
{
    [Fact]
    public void Given_TheShippedWeights_When_Loaded_Then_TheirManifestKeepsItsPromises()
    {
        var folder = ShippedModel.Folder(ShippedModel.Root);
        var (manifest, network, _) = ModelFolder.Load(folder);
        network.Dispose();
        manifest.Version.ShouldBe(Path.GetFileName(folder));
        manifest.Configuration.UsesAttention.ShouldBeTrue();
        manifest.Configuration.AttentionLevels.ShouldBe([1, 2, 3], ignoreOrder: true);
        manifest.Scores!.Foreground.Infection.Dice!.Value.ShouldBeGreaterThanOrEqualTo(0.60);
        manifest.Scores.Attention!.ChangedLesionPixels.ShouldBeGreaterThan(0.01);
        new FileInfo(Path.Combine(folder, ModelFolder.WeightsName)).Length.ShouldBeLessThan(20_000_000);
        File.ReadAllText(Path.Combine(folder, "LICENSE")).ShouldContain("non-commercial");
    }

    [Fact]
    public void Given_TheShippedWeights_When_ScoredOnTheirHeldOutGroups_Then_TheManifestsFiguresReturn()
    {
        var data = RealSlices.Load();
        var (manifest, network, _) = ModelFolder.Load(ShippedModel.Folder(ShippedModel.Root));
        using (network)
        {
            data.Sha256.ShouldBe(manifest.Training!.DataSha256);
            var heldOut = data.Slices.Where(slice => manifest.Training.HeldOutGroups.Contains(slice.Group)).ToList();
            var scores = Evaluator.Score(network, heldOut, zeroAttention: false, TestContext.Current.CancellationToken);
            scores.Slices.ShouldBe(manifest.Scores!.Slices);
            scores.Foreground.Infection.Dice!.Value.ShouldBe(manifest.Scores.Foreground.Infection.Dice!.Value, 0.002);
            scores.Paper.MicroDice.ShouldBe(manifest.Scores.Paper.MicroDice, 0.001);
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
    public static TrainingData Load()
    {
        var folder = Find();
        Assert.SkipWhen(folder is null, "The development slices are not on this machine: set CTSEG_TEST_DATA to the folder that holds ct79.");
        return TrainingData.Load(folder!);
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
