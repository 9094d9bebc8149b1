using Azure;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Scans;
using CtSeg.Testing;

namespace CtSeg.Shared.Tests.Scans;

public sealed class ScanBlobsTests(AzuriteFixture azurite)
{
    private static readonly ScanId Scan = ScanId.Parse("0011223344556677");
    private static readonly PreprocessingSteps Steps = new("mean", "area", 369, 369);
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_Preprocessed_When_StoredTwice_Then_TheFirstStays()
    {
        var blobs = new ScanBlobs(new BlobServiceClient(await azurite.NewAccountAsync()));
        await blobs.StorePreprocessedAsync(Manifest(1), Bytes("first"), Stop);
        await blobs.StorePreprocessedAsync(Manifest(2), Bytes("second"), Stop);
        (await blobs.FindManifestAsync(Scan, Stop)).ShouldBe(Manifest(1));
        (await blobs.FindPreprocessedImageAsync(Scan, Stop)).ShouldNotBeNull().ToString().ShouldBe("first");
    }

    [Fact]
    public async Task Given_NothingStored_When_Asked_Then_Null()
    {
        var blobs = new ScanBlobs(new BlobServiceClient(await azurite.NewAccountAsync()));
        (await blobs.FindManifestAsync(Scan, Stop)).ShouldBeNull();
        (await blobs.FindPreprocessedImageAsync(Scan, Stop)).ShouldBeNull();
        (await blobs.FindMetricsAsync(Scan, Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_WholeResult_When_StoredAgain_Then_NothingOfItChanges()
    {
        var storage = new BlobServiceClient(await azurite.NewAccountAsync());
        var blobs = new ScanBlobs(storage);
        (await blobs.TryStoreResultAsync(Metrics('a', 1), Bytes("mask 1"), Bytes("overlay 1"), Stop)).ShouldBeTrue();
        (await blobs.TryStoreResultAsync(Metrics('a', 2), Bytes("mask 2"), Bytes("overlay 2"), Stop)).ShouldBeFalse();
        (await ReadAsync(storage, BlobPaths.Mask(Scan)), await ReadAsync(storage, BlobPaths.Overlay(Scan))).ShouldBe(("mask 1", "overlay 1"));
        (await blobs.FindMetricsAsync(Scan, Stop)).ShouldNotBeNull().RequestId.ShouldBe($"{Scan}-1");
    }

    [Fact]
    public async Task Given_WholeResult_When_OtherWeightsStore_Then_NothingOfItChanges()
    {
        var storage = new BlobServiceClient(await azurite.NewAccountAsync());
        var blobs = new ScanBlobs(storage);
        (await blobs.TryStoreResultAsync(Metrics('a', 1), Bytes("mask 1"), Bytes("overlay 1"), Stop)).ShouldBeTrue();
        (await blobs.TryStoreResultAsync(Metrics('b', 2), Bytes("mask 2"), Bytes("overlay 2"), Stop)).ShouldBeFalse();
        (await ReadAsync(storage, BlobPaths.Mask(Scan)), await ReadAsync(storage, BlobPaths.Overlay(Scan))).ShouldBe(("mask 1", "overlay 1"));
    }

    [Theory]
    [InlineData("mask 1", true)]
    [InlineData("mask 2", false)]
    public async Task Given_PictureOfADeadJob_When_Stored_Then_KeptOnlyIfItIsTheSame(string mask, bool kept)
    {
        var storage = new BlobServiceClient(await azurite.NewAccountAsync());
        var blobs = new ScanBlobs(storage);
        var results = storage.GetBlobContainerClient(Containers.Results);
        await blobs.TryStoreResultAsync(Metrics('a', 1), Bytes("mask 1"), Bytes("overlay 1"), Stop);
        await results.GetBlobClient(BlobPaths.Metrics(Scan)).DeleteAsync(cancellationToken: Stop);
        var before = (await results.GetBlobClient(BlobPaths.Mask(Scan)).GetPropertiesAsync(cancellationToken: Stop)).Value.ETag;

        // The weights do not matter: the metrics must describe the very pictures that lie beside them.
        (await blobs.TryStoreResultAsync(Metrics('a', 2), Bytes(mask), Bytes("overlay 1"), Stop)).ShouldBeTrue();

        var after = (await results.GetBlobClient(BlobPaths.Mask(Scan)).GetPropertiesAsync(cancellationToken: Stop)).Value.ETag;
        (after == before).ShouldBe(kept);
        (await ReadAsync(storage, BlobPaths.Mask(Scan))).ShouldBe(mask);
    }

    [Fact]
    public async Task Given_NoContainer_When_Stored_Then_AFault()
    {
        var storage = new BlobServiceClient(await azurite.NewAccountAsync());
        await storage.GetBlobContainerClient(Containers.Preprocessed).DeleteAsync(cancellationToken: Stop);
        await Should.ThrowAsync<RequestFailedException>(() => new ScanBlobs(storage).StorePreprocessedAsync(Manifest(1), Bytes("x"), Stop));
    }

    private static ScanManifest Manifest(int bytes) => new(Scan, "a.png", new string('a', 64), bytes, new SourceImage("png", 1, 1, 8, 1), Steps);

    private static ScanMetrics Metrics(char weights, int attempt) => new(
        Scan, ScanEvents.IdOf(Scan, attempt), "a.png", new string('a', 64), 1, 1, [], new ModelReference("v1", new string(weights, 64)),
        Steps, new StageDurations(1, 1), new DateTime(2026, 11, 23, 15, 12, 5, DateTimeKind.Utc));

    private static BinaryData Bytes(string text) => BinaryData.FromString(text);

    private static async Task<string> ReadAsync(BlobServiceClient storage, string path) =>
        (await storage.GetBlobContainerClient(Containers.Results).GetBlobClient(path).DownloadContentAsync(Stop)).Value.Content.ToString();
}
