using System.Security.Cryptography;
using System.Text;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Consumer;

public sealed class StorageModelsTests : IDisposable
{
    private const string NamedBy = "models/current.json";
    private readonly string _cache = Directory.CreateTempSubdirectory("ctseg-models-").FullName;
    private readonly FakeBlobStorage _storage = new();
    private readonly FakeModels _models;

    public StorageModelsTests() => _models = new FakeModels(_storage);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_cache, recursive: true);

    [Fact]
    public async Task Given_ModelIsPublished_When_Fetched_Then_ItsFilesLieInTheCache()
    {
        await _models.PublishAsync("v1");

        var folder = await Open().FetchAsync(FakeModels.Named("v1"), NamedBy, Stop);

        File.ReadAllBytes(Path.Combine(folder, "weights.safetensors")).ShouldBe(FakeModels.WeightsOf("v1"));
        File.ReadAllBytes(Path.Combine(folder, "model.json")).ShouldBe(FakeModels.ManifestOf("v1"));
        Directory.GetFiles(folder).Length.ShouldBe(2);
    }

    [Fact]
    public async Task Given_ModelIsCached_When_FetchedAgain_Then_WeightsAreDownloadedOnlyIfTheyChangedOnDisk()
    {
        await _models.PublishAsync("v1");
        var folder = await Open().FetchAsync(FakeModels.Named("v1"), NamedBy, Stop);
        var again = new Effects();

        await Open(again).FetchAsync(FakeModels.Named("v1"), NamedBy, Stop);
        again.Done.ShouldNotContain(step => step.Contains("weights", StringComparison.Ordinal));
        File.WriteAllBytes(Path.Combine(folder, "weights.safetensors"), [9]);
        await Open(again).FetchAsync(FakeModels.Named("v1"), NamedBy, Stop);

        again.Done.ShouldContain(step => step.Contains("weights", StringComparison.Ordinal));
        File.ReadAllBytes(Path.Combine(folder, "weights.safetensors")).ShouldBe(FakeModels.WeightsOf("v1"));
    }

    [Fact]
    public async Task Given_WeightsAreDamaged_When_Fetched_Then_RefusedAndNothingIsKept()
    {
        await _models.PublishAsync("v1");
        await _models.PutAsync(BlobPaths.ModelWeights("v1"), [1, 2, 3]);

        var refusal = await Should.ThrowAsync<ModelRefusedException>(() => Open().FetchAsync(FakeModels.Named("v1"), NamedBy, Stop));

        refusal.Message.ShouldContain("SHA-256");
        Directory.GetFiles(_cache, "weights*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ManifestOfAnotherModel_When_Fetched_Then_Refused()
    {
        await _models.PublishAsync("v1");
        await _models.PutAsync(BlobPaths.ModelCard("v1"), FakeModels.ManifestOf("v2", FakeModels.Named("v1").WeightsSha256));

        (await Should.ThrowAsync<ModelRefusedException>(() => Open().FetchAsync(FakeModels.Named("v1"), NamedBy, Stop))).Message.ShouldContain("another model");
    }

    [Fact]
    public async Task Given_WeightsAndManifestAreSwappedTogether_When_Fetched_Then_TheAliasHashRefusesThem()
    {
        await _models.PublishAsync("v1");
        await _models.PutAsync(BlobPaths.ModelWeights("v1"), FakeModels.WeightsOf("v2"));
        await _models.PutAsync(BlobPaths.ModelCard("v1"), FakeModels.ManifestOf("v1", FakeModels.Named("v2").WeightsSha256));

        (await Should.ThrowAsync<ModelRefusedException>(() => Open().FetchAsync(FakeModels.Named("v1"), NamedBy, Stop))).Message.ShouldContain(NamedBy);
    }

    [Fact]
    public async Task Given_ManifestWithOtherSettingsOfTheSameWeights_When_Fetched_Then_TheHashThatTheAliasNamesRefusesIt()
    {
        await _models.PublishAsync("v1");
        await _models.PutAsync(BlobPaths.ModelCard("v1"), FakeModels.ManifestOf("v1", side: 185));

        (await Should.ThrowAsync<ModelRefusedException>(() => Open().FetchAsync(FakeModels.Moved("v1"), NamedBy, Stop))).Message.ShouldContain("models/v1/model.json has the SHA-256");

        Directory.GetFileSystemEntries(_cache, "*", SearchOption.AllDirectories).ShouldHaveSingleItem("the empty folder of the model");
        // An older alias names no hash.
        await Open().FetchAsync(FakeModels.Named("v1"), NamedBy, Stop);
    }

    [Theory]
    [InlineData("{")]
    [InlineData(null)]
    public async Task Given_ManifestIsDamagedInStorageSince_When_FetchedAgain_Then_TheOneOnDiskStays(string? damaged)
    {
        await _models.PublishAsync("v1");
        var folder = await Open().FetchAsync(FakeModels.Named("v1"), NamedBy, Stop);
        await _models.PutAsync(BlobPaths.ModelCard("v1"), damaged is null ? FakeModels.ManifestOf("v2") : Encoding.UTF8.GetBytes(damaged));

        await Should.ThrowAsync<ModelRefusedException>(() => Open().FetchAsync(FakeModels.Named("v1"), NamedBy, Stop));

        File.ReadAllBytes(Path.Combine(folder, "model.json")).ShouldBe(FakeModels.ManifestOf("v1"));
        Directory.GetFileSystemEntries(folder).Length.ShouldBe(2);
    }

    [Fact]
    public async Task Given_TwoAccountsWithOtherManifestsOfTheSameWeights_When_BothFetch_Then_EachHasItsOwn()
    {
        var other = new FakeBlobStorage();
        await _models.PublishAsync("v1");
        await new FakeModels(other).PublishAsync("v1");
        await new FakeModels(other).PutAsync(BlobPaths.ModelCard("v1"), FakeModels.ManifestOf("v1", side: 185));
        var named = FakeModels.Named("v1") with { ManifestSha256 = Convert.ToHexStringLower(SHA256.HashData(FakeModels.ManifestOf("v1", side: 185))) };

        var first = await Open().FetchAsync(FakeModels.Moved("v1"), NamedBy, Stop);
        var second = await new StorageModels(other.Connect().GetBlobContainerClient(Containers.Models), _cache).FetchAsync(named, NamedBy, Stop);

        File.ReadAllBytes(Path.Combine(first, "model.json")).ShouldBe(FakeModels.ManifestOf("v1"));
        File.ReadAllBytes(Path.Combine(second, "model.json")).ShouldBe(FakeModels.ManifestOf("v1", side: 185));
    }

    [Fact]
    public async Task Given_AliasAfterMoves_When_Read_Then_ItNamesTheManifestAndTheModelsBeforeThatCouldBe()
    {
        await _models.PointAsync(FakeModels.Moved("v3"), FakeModels.Named("v1"), new ServedModel("../escape", new string('a', 64)), FakeModels.Moved("v2"));

        var alias = (await Open().ReadAliasAsync(known: null, Stop)).ShouldNotBeNull();

        alias.Model.ShouldNotBeNull().ManifestSha256.ShouldBe(FakeModels.Moved("v3").ManifestSha256);
        alias.Before.Select(model => (model.Version, model.ManifestSha256)).ShouldBe([("v1", null), ("v2", FakeModels.Moved("v2").ManifestSha256)]);
    }

    [Theory]
    [InlineData("""{"version":"v1","weightsSha256":"HASH","manifestSha256":"HA"}""", "names no model")]
    [InlineData("""{"version":"../escape","weightsSha256":"HASH"}""", "names no model")]
    [InlineData("""{"version":"..","weightsSha256":"HASH"}""", "names no model")]
    [InlineData("""{"version":"","weightsSha256":"HASH"}""", "names no model")]
    [InlineData("""{"version":"a/b","weightsSha256":"HASH"}""", "names no model")]
    [InlineData("""{"version":"v1","weightsSha256":"HA"}""", "names no model")]
    [InlineData("""{"version":"v1"}""", "cannot be read")]
    [InlineData("{", "cannot be read")]
    [InlineData("null", "names no model")]
    public async Task Given_AliasIsUnusable_When_Read_Then_TheProblemIsSaid(string json, string problem)
    {
        await _models.PutAsync(BlobPaths.CurrentModel, Encoding.UTF8.GetBytes(json.Replace("HASH", new string('a', 64), StringComparison.Ordinal)));

        var alias = (await Open().ReadAliasAsync(known: null, Stop)).ShouldNotBeNull();

        alias.Model.ShouldBeNull();
        alias.Problem.ShouldContain(problem);
        alias.Problem.ShouldContain("--model");
    }

    [Fact]
    public async Task Given_NoAlias_When_Read_Then_SaidOnceUntilThereIsOne()
    {
        var models = Open();

        var missing = (await models.ReadAliasAsync(known: null, Stop)).ShouldNotBeNull();
        (missing.Model, missing.Problem.Contains("does not exist", StringComparison.Ordinal)).ShouldBe((null, true));
        (await models.ReadAliasAsync(missing.ETag, Stop)).ShouldBeNull();

        await _models.PointAsync("v1");
        var there = (await models.ReadAliasAsync(missing.ETag, Stop)).ShouldNotBeNull();
        there.Model.ShouldBe(FakeModels.Named("v1"));
        (await models.ReadAliasAsync(there.ETag, Stop)).ShouldBeNull();
    }

    private StorageModels Open(Effects? effects = null) => new(_storage.Connect(effects).GetBlobContainerClient(Containers.Models), _cache);
}
