using System.Security.Cryptography;
using System.Text.Json;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;
using CtSeg.Models;

namespace CtSeg.Local.Tests.Stack;

public sealed class ModelSeedsTests(AzuriteFixture azurite) : IDisposable
{
    private readonly List<string> _folders = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_AnEmptyStorage_When_Seeded_Then_ModelsAreThereAndTheNamedOneServesWithANote()
    {
        var (storage, weights) = (await OpenAsync(), Weights("2026.1", "2026.2"));
        await new ModelSeeds(storage, TimeProvider.System).SeedAsync(weights, Stop);
        var catalogue = await ModelCatalogue.ReadAsync(storage, Stop);
        (catalogue.Current?.Version, catalogue.Problems.Count).ShouldBe(("2026.2", 0));
        catalogue.Models.Select(model => (model.Version, model.KnowsItsData)).ShouldBe([("2026.1", true), ("2026.2", true)]);
        (await storage.GetBlobContainerClient(Containers.Models).GetBlobClient("2026.2/LICENSE").ExistsAsync(Stop)).Value.ShouldBeTrue();
        var moves = await new AliasAudit(storage).ListAsync(null, _ => { }, Stop);
        moves.ShouldHaveSingleItem().Move.Kind.ShouldBe(AliasMoveKind.Seed);
        catalogue.Current!.ManifestSha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(weights, "2026.2", "model.json"), Stop))));
    }

    [Fact]
    public async Task Given_AModelPromotedSince_When_SeededAgain_Then_ItGoesOnServingAndItsFilesStay()
    {
        var storage = await OpenAsync();
        await new ModelSeeds(storage, TimeProvider.System).SeedAsync(Weights("2026.1", "2026.2"), Stop);
        var (store, alias) = (new ModelStore(storage), new ModelAlias(storage, TimeProvider.System));
        var other = (await store.FindAsync("2026.1", Stop)).ShouldNotBeNull();
        await alias.MoveAsync(await store.ReadAliasAsync(Stop), alias.NewMove(AliasMoveKind.Forced, new ServedModel("2026.1", other.WeightsSha256), "x", "y"), Stop);

        // Of a checkout whose model of that version has other weights.
        await new ModelSeeds(storage, TimeProvider.System).SeedAsync(Weights(("2026.1", "others"), ("2026.3", "2026.3")), Stop);

        (await store.ReadAliasAsync(Stop)).ShouldNotBeNull().Served.ShouldBe(new ServedModel("2026.1", other.WeightsSha256));
        (await store.FindFilesAsync("2026.1", Stop)).ShouldNotBeNull().Manifest.WeightsSha256.ShouldBe(other.WeightsSha256);
        (await store.FindAsync("2026.3", Stop)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Given_NoFolderOrADamagedOne_When_Seeded_Then_NothingOrASentence()
    {
        var storage = await OpenAsync();
        await new ModelSeeds(storage, TimeProvider.System).SeedAsync(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), Stop);
        var weights = Weights("2026.1");
        await File.WriteAllTextAsync(Path.Combine(weights, "2026.1", "weights.safetensors"), "damaged", Stop);
        (await Should.ThrowAsync<StartFailedException>(() => new ModelSeeds(storage, TimeProvider.System).SeedAsync(weights, Stop))).Message.ShouldContain("SHA-256");
    }

    public void Dispose() => _folders.ForEach(folder => Directory.Delete(folder, recursive: true));

    private async Task<BlobServiceClient> OpenAsync()
    {
        var storage = new BlobServiceClient(await azurite.ConnectToEmptyAsync());
        await storage.CreateBlobContainerAsync(Containers.Models, cancellationToken: Stop);
        await storage.CreateBlobContainerAsync(Containers.Audit, cancellationToken: Stop);
        return storage;
    }

    private string Weights(params string[] versions) => Weights([.. versions.Select(version => (version, version))]);

    /// <summary>A folder like that of the repository, whose last model is the one in use.</summary>
    private string Weights(params (string Version, string Content)[] models)
    {
        var root = Directory.CreateTempSubdirectory("ctseg-weights").FullName;
        _folders.Add(root);
        foreach (var (version, content) in models)
        {
            var folder = Directory.CreateDirectory(Path.Combine(root, version)).FullName;
            var hash = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(content)));
            var manifest = new ModelManifest
            {
                Version = version,
                CreatedUtc = DateTime.UnixEpoch,
                Configuration = new ModelConfiguration(),
                Classes = [],
                Preprocessing = new ModelPreprocessing(369, 369, "area", "x"),
                WeightsSha256 = hash,
                WeightsLicence = "MIT",
            };
            File.WriteAllText(Path.Combine(folder, "weights.safetensors"), content);
            File.WriteAllText(Path.Combine(folder, "LICENSE"), "Terms.");
            File.WriteAllBytes(Path.Combine(folder, "model.json"), JsonSerializer.SerializeToUtf8Bytes(manifest, ModelsJson.Default.ModelManifest));
            File.WriteAllBytes(Path.Combine(folder, "trained-on.json"), JsonSerializer.SerializeToUtf8Bytes(new TrainedOn(version, null, [], []), ModelsJson.Default.TrainedOn));
            File.WriteAllBytes(Path.Combine(root, "current.json"), JsonSerializer.SerializeToUtf8Bytes(new CurrentModel(version, hash), ModelsJson.Default.CurrentModel));
        }
        return root;
    }
}
