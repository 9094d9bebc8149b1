using CtSeg.Models;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Tests.Model;
using NJsonSchema;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Registry;

[Collection(TorchCollection.Name)]
public sealed class ModelFolderTests
{
    // A new model is shown pictures before it is saved, which attention at high levels makes slow.
    private static readonly ModelConfiguration Small = ResidualAttentionUNetTests.Tiny with { AttentionLevels = [3] };

    [Fact]
    public void Given_ASavedModel_When_Loaded_Then_ManifestAndResultsAreThoseOfTheOriginal()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var folder = new TemporaryFolder();
        manual_seed(1);
        using var network = new ResidualAttentionUNet(ResidualAttentionUNetTests.Tiny);
        network.call(rand(2, 1, 32, 32));
        network.eval();
        var manifest = ModelFolder.Save(folder.Path, Training.TrainingRunTests.Manifest(ResidualAttentionUNetTests.Tiny), network);

        var (read, loaded, _) = ModelFolder.Load(folder.Path);
        using (loaded)
        {
            var input = rand(1, 1, 40, 40);
            loaded.call(input).SameAs(network.call(input)).ShouldBeTrue();
            loaded.training.ShouldBeFalse();
        }
        read.WeightsSha256.ShouldBe(manifest.WeightsSha256);
        read.Configuration.AttentionLevels.ShouldBe(ResidualAttentionUNetTests.Tiny.AttentionLevels);
        read.CreatedUtc.ShouldBe(manifest.CreatedUtc);
    }

    [Fact]
    public void Given_AModelThatIsReplaced_When_TheWeightsCannotBeWritten_Then_NoManifestClaimsToBeWhole()
    {
        using var folder = Create();
        File.Delete(folder[ModelFolder.WeightsName]);
        Directory.CreateDirectory(folder[ModelFolder.WeightsName]);
        Should.Throw<Exception>(() => NewModelCommand.Create(folder.Path, Small, seed: 2, TimeProvider.System));
        File.Exists(folder[ModelFolder.ManifestName]).ShouldBeFalse();
    }

    [Fact]
    public void Given_TheFolderOfACrossValidation_When_Named_Then_ItsFoldsStandInForItByTheirNumbers()
    {
        using var folder = new TemporaryFolder();
        foreach (var fold in new[] { "fold10", "fold2", "fold1" })
            NewModelCommand.Create(Path.Combine(folder.Path, fold), Small, seed: 1, TimeProvider.System);
        Directory.CreateDirectory(folder["fold3"]);
        ModelFolders.Of([folder.Path]).ShouldBe([folder["fold1"], folder["fold2"], folder["fold10"]]);
        ModelFolders.Of([folder["fold2"], folder["nowhere"]]).ShouldBe([folder["fold2"], folder["nowhere"]]);
        ModelFolders.Of([]).ShouldBe([ShippedModel.Folder(ShippedModel.Root)]);
    }

    [Fact]
    public void Given_OneChangedBit_When_Loaded_Then_TheWeightsAreRefused()
    {
        using var folder = Create();
        var weights = File.ReadAllBytes(folder[ModelFolder.WeightsName]);
        weights[^1] ^= 1;
        File.WriteAllBytes(folder[ModelFolder.WeightsName], weights);
        Should.Throw<ModelFolderException>(() => ModelFolder.Load(folder.Path)).Message.ShouldContain("SHA-256");
    }

    [Fact]
    public void Given_WeightsOfAnotherConfiguration_When_Loaded_Then_TheyAreRefused()
    {
        using var folder = Create();
        var manifest = File.ReadAllText(folder[ModelFolder.ManifestName]);
        File.WriteAllText(folder[ModelFolder.ManifestName], manifest.Replace("\"baseChannels\": 4", "\"baseChannels\": 8", StringComparison.Ordinal));
        Should.Throw<ModelFolderException>(() => ModelFolder.Load(folder.Path)).Message.ShouldContain("in the configuration");
    }

    [Theory]
    [InlineData("\"architecture\": \"m\"", "\"architecture\": \"x\"", "not one of")]
    [InlineData("\"hash\": \"orthonormal\"", "\"hash\": \"gaussian\"", "the hash is 'gaussian'")]
    [InlineData("\"configuration\": {", "\"configuration\": [", "cannot be read")]
    [InlineData("\"weightsSha256\"", "\"other\"", "cannot be read")]
    public void Given_ABrokenManifest_When_Loaded_Then_TheReasonIsGiven(string part, string replacement, string reason)
    {
        using var folder = Create();
        var manifest = File.ReadAllText(folder[ModelFolder.ManifestName]);
        manifest.ShouldContain(part);
        File.WriteAllText(folder[ModelFolder.ManifestName], manifest.Replace(part, replacement, StringComparison.Ordinal));
        Should.Throw<ModelFolderException>(() => ModelFolder.Load(folder.Path)).Message.ShouldContain(reason);
    }

    [Fact]
    public void Given_NoModel_When_Loaded_Then_TheReasonIsGiven()
    {
        using var folder = new TemporaryFolder();
        Should.Throw<ModelFolderException>(() => ModelFolder.Load(folder.Path)).Message.ShouldContain("does not exist");
    }

    [Fact]
    public void Given_TheSameSeed_When_NewModelsAreMade_Then_TheirWeightsAreEqual()
    {
        using var folder = new TemporaryFolder();
        var one = NewModelCommand.Create(folder["one"], Small, seed: 5, TimeProvider.System);
        NewModelCommand.Create(folder["two"], Small, seed: 5, TimeProvider.System).WeightsSha256.ShouldBe(one.WeightsSha256);
        NewModelCommand.Create(folder["three"], Small, seed: 6, TimeProvider.System).WeightsSha256.ShouldNotBe(one.WeightsSha256);
    }

    [Fact]
    public async Task Given_ModelManifests_When_Validated_Then_TheyFitTheirSchema()
    {
        using var folder = Create();
        var schema = await JsonSchema.FromFileAsync(Path.Combine(AppContext.BaseDirectory, "Schemas", "model.json"), TestContext.Current.CancellationToken);
        foreach (var model in new[] { folder.Path, ShippedModel.Folder(ShippedModel.Root) })
        {
            var json = await File.ReadAllTextAsync(Path.Combine(model, ModelFolder.ManifestName), TestContext.Current.CancellationToken);
            schema.Validate(json).Select(error => error.ToString()).ShouldBeEmpty(json);
            schema.Validate(json.Replace("\"heads\": 2", "\"heads\": 0", StringComparison.Ordinal)).ShouldNotBeEmpty();
        }
    }

    private static TemporaryFolder Create()
    {
        var folder = new TemporaryFolder();
        NewModelCommand.Create(folder.Path, Small, seed: 1, TimeProvider.System);
        return folder;
    }
}
