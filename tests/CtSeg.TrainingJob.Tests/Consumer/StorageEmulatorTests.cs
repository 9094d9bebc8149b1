using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Testing;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;
using NJsonSchema;

namespace CtSeg.TrainingJob.Tests.Consumer;

/// <summary>The consumer against a storage service that is not ours, and its documents against their schemas.</summary>
public sealed class StorageEmulatorTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Given_RealStorageProtocol_When_AskedTwice_Then_NothingIsWrittenAgainAndDocumentsFitTheirSchemas()
    {
        var token = TestContext.Current.CancellationToken;
        var account = await azurite.NewAccountAsync();
        var storage = new BlobServiceClient(account);
        var world = new ConsumerWorld(TimeProvider.System, account: account);
        var scan = await world.UploadAsync("a.png", grey: 130);
        await world.DrainAsync();
        var before = await ETagsAsync(storage, scan);

        world.Ask(scan);
        world.Ask(scan, attempt: 2);
        await world.DrainAsync();

        before.Count.ShouldBe(4);
        (await ETagsAsync(storage, scan)).ShouldBe(before);
        await ShouldFitAsync("scan-metrics", await ReadAsync(storage, Containers.Results, BlobPaths.Metrics(scan)));
        await ShouldFitAsync("scan-status", await ReadAsync(storage, Containers.Status, BlobPaths.Status(scan)));
        await ShouldFitAsync("segmentation-completed", world.Told().ShouldHaveSingleItem().GetRawText());

        async Task ShouldFitAsync(string name, string json)
        {
            // From files: they refer to each other.
            var schema = await JsonSchema.FromFileAsync(Path.Combine(AppContext.BaseDirectory, "Schemas", $"{name}.json"), token);
            schema.Validate(json).Select(error => error.ToString()).ShouldBeEmpty(json);
        }
    }

    private static async Task<Dictionary<string, string>> ETagsAsync(BlobServiceClient storage, ScanId scan)
    {
        var tags = new Dictionary<string, string>();
        foreach (var (container, name) in new[]
                 {
                     (Containers.Results, BlobPaths.Mask(scan)), (Containers.Results, BlobPaths.Overlay(scan)),
                     (Containers.Results, BlobPaths.Metrics(scan)), (Containers.Status, BlobPaths.Status(scan)),
                 })
        {
            var found = await storage.GetBlobContainerClient(container).GetBlobClient(name).GetPropertiesAsync(cancellationToken: TestContext.Current.CancellationToken);
            tags[name] = found.Value.ETag.ToString();
        }
        return tags;
    }

    private static async Task<string> ReadAsync(BlobServiceClient storage, string container, string name) =>
        (await storage.GetBlobContainerClient(container).GetBlobClient(name).DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content.ToString();
}
