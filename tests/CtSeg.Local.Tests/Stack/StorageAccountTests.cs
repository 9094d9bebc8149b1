using Azure.Storage.Blobs;
using CtSeg.Local.Stack;

namespace CtSeg.Local.Tests.Stack;

public sealed class StorageAccountTests(AzuriteFixture azurite) : IDisposable
{
    private readonly string _weights = Directory.CreateTempSubdirectory("ctseg-weights-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_weights, recursive: true);

    [Fact]
    public async Task Given_AnotherModelWasPromoted_When_SeededAgain_Then_ItStaysAndNewModelsJoin()
    {
        var models = new BlobContainerClient(await azurite.ConnectAsync(), azurite.Name("models"));
        await models.CreateAsync(cancellationToken: Stop);
        Write("v1/model.json", "manifest");
        Write("v1/weights.safetensors", "weights");
        Write("current.json", "v1");
        await StorageAccount.SeedModelsAsync(models, _weights, Stop);
        await models.GetBlobClient("current.json").UploadAsync(new BinaryData("promoted"), overwrite: true, Stop);
        Write("v1/model.json", "another manifest");
        Write("v2/model.json", "manifest of v2");

        await StorageAccount.SeedModelsAsync(models, _weights, Stop);

        (await ReadAsync("current.json")).ShouldBe("promoted");
        (await ReadAsync("v1/model.json")).ShouldBe("manifest");
        (await ReadAsync("v2/model.json")).ShouldBe("manifest of v2");

        async Task<string> ReadAsync(string name) => (await models.GetBlobClient(name).DownloadContentAsync(Stop)).Value.Content.ToString();
    }

    private void Write(string name, string content)
    {
        var file = Path.Combine(_weights, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
    }
}
