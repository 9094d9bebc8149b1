using System.Security.Cryptography;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Consumer;

public sealed class StorageModelSourceTests : IDisposable
{
    private static readonly byte[] Weights = [1, 2, 3, 4];
    private readonly string _cache = Directory.CreateTempSubdirectory("ctseg-models-").FullName;
    private readonly FakeBlobStorage _storage = new();

    public void Dispose() => Directory.Delete(_cache, recursive: true);

    [Fact]
    public async Task Given_ModelIsPublished_When_Fetched_Then_ItsFilesLieInTheCache()
    {
        await PublishAsync("v1", Convert.ToHexStringLower(SHA256.HashData(Weights)));

        var folder = await FetchAsync(new Effects());

        File.ReadAllBytes(Path.Combine(folder, "weights.safetensors")).ShouldBe(Weights);
        File.ReadAllText(Path.Combine(folder, "model.json")).ShouldBe("{}");
        Directory.GetFiles(folder).Length.ShouldBe(2);
    }

    [Fact]
    public async Task Given_ModelIsCached_When_FetchedAgain_Then_WeightsAreDownloadedOnlyIfTheyChangedOnDisk()
    {
        await PublishAsync("v1", Convert.ToHexStringLower(SHA256.HashData(Weights)));
        var folder = await FetchAsync(new Effects());
        var again = new Effects();

        await FetchAsync(again);
        again.Done.ShouldNotContain(step => step.Contains("weights", StringComparison.Ordinal));
        File.WriteAllBytes(Path.Combine(folder, "weights.safetensors"), [9]);
        await FetchAsync(again);

        again.Done.ShouldContain(step => step.Contains("weights", StringComparison.Ordinal));
        File.ReadAllBytes(Path.Combine(folder, "weights.safetensors")).ShouldBe(Weights);
    }

    [Fact]
    public async Task Given_WeightsHaveAnotherHash_When_Fetched_Then_RefusedAndNothingIsKept()
    {
        await PublishAsync("v1", new string('0', 64));

        var refusal = await Should.ThrowAsync<ModelRefusedException>(() => FetchAsync(new Effects()));

        refusal.Message.ShouldContain("SHA-256");
        Directory.GetFiles(_cache, "weights*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_NoModelIsPublished_When_Fetched_Then_RefusedWithWhatToDo()
    {
        var refusal = await Should.ThrowAsync<ModelRefusedException>(() => FetchAsync(new Effects()));

        refusal.Message.ShouldContain("does not exist");
        refusal.Message.ShouldContain("--model");
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a/b")]
    public async Task Given_VersionIsNoName_When_Fetched_Then_Refused(string version)
    {
        await PublishAsync(version, new string('0', 64), current: true);

        await Should.ThrowAsync<ModelRefusedException>(() => FetchAsync(new Effects()));
    }

    private Task<string> FetchAsync(Effects effects) =>
        new StorageModelSource(_storage.Connect(effects).GetBlobContainerClient(Containers.Models), _cache)
            .FetchAsync(TestContext.Current.CancellationToken);

    private async Task PublishAsync(string version, string hash, bool current = false)
    {
        var models = _storage.Connect().GetBlobContainerClient(Containers.Models);
        var token = TestContext.Current.CancellationToken;
        var json = JsonSerializer.SerializeToUtf8Bytes(new CurrentModel(version, hash), ModelsJson.Default.CurrentModel);
        await models.GetBlobClient("current.json").UploadAsync(new BinaryData(json), token);
        if (current)
            return;
        await models.GetBlobClient($"{version}/model.json").UploadAsync(new BinaryData("{}"), token);
        await models.GetBlobClient($"{version}/weights.safetensors").UploadAsync(new BinaryData(Weights), token);
    }
}
