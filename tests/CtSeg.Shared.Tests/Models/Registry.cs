using System.Security.Cryptography;
using System.Text.Json;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.Testing;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.Shared.Tests.Models;

/// <summary>An account with models.</summary>
internal sealed class Registry
{
    private readonly string _connection;

    private Registry(string connection)
    {
        _connection = connection;
        Storage = new BlobServiceClient(connection);
        Store = new ModelStore(Storage);
        Alias = new ModelAlias(Storage, Clock);
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 23, 15, 12, 5, TimeSpan.Zero)) { AutoAdvanceAmount = TimeSpan.FromSeconds(1) };
    public BlobServiceClient Storage { get; }
    public ModelStore Store { get; }
    public ModelAlias Alias { get; }
    public BlobContainerClient Models => Storage.GetBlobContainerClient(Containers.Models);
    public BlobContainerClient Audit => Storage.GetBlobContainerClient(Containers.Audit);

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<Registry> OpenAsync(AzuriteFixture azurite) => new(await azurite.NewAccountAsync());

    /// <summary>A client of the same account whose requests a policy sees.</summary>
    public BlobServiceClient Through(HttpPipelinePolicy policy)
    {
        var options = new BlobClientOptions { Retry = { MaxRetries = 2, Delay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(1) } };
        options.AddPolicy(policy, Azure.Core.HttpPipelinePosition.PerRetry);
        return new BlobServiceClient(_connection, options);
    }

    public static BinaryData WeightsOf(string text) => BinaryData.FromString($"weights of {text}");

    public static ModelManifest ManifestOf(string version, string? weights = null) => new()
    {
        Version = version,
        CreatedUtc = new DateTime(2026, 11, 23, 15, 12, 5, DateTimeKind.Utc),
        Configuration = new ModelConfiguration(),
        Classes = ["background", "ground-glass-opacity", "consolidation", "pleural-effusion"],
        Preprocessing = new ModelPreprocessing(369, 369, "area", "grey / 127.5 - 1"),
        WeightsSha256 = Convert.ToHexStringLower(SHA256.HashData(WeightsOf(weights ?? version))),
        WeightsLicence = "MIT",
    };

    public static BinaryData JsonOf(ModelManifest manifest) => new(JsonSerializer.SerializeToUtf8Bytes(manifest, ModelsJson.Default.ModelManifest));

    public static TrainedOn TrainedOnOf(string version) =>
        new(version, null, [new PictureIdentity(new string('a', 64), new string('b', 64))], [new string('c', 64)]);

    public async Task<ServedModel> PublishAsync(string version, string? weights = null)
    {
        var manifest = ManifestOf(version, weights);
        await Store.PublishAsync(manifest, JsonOf(manifest), WeightsOf(weights ?? version), TrainedOnOf(version), Stop);
        return new ServedModel(version, manifest.WeightsSha256);
    }

    /// <summary>Publishes a model and puts it into use.</summary>
    public async Task<AliasMoveOutcome> PromoteAsync(string version)
    {
        var model = await PublishAsync(version);
        return await Alias.MoveAsync(await Store.ReadAliasAsync(Stop), Alias.NewMove(AliasMoveKind.Promotion, model, "a run", "Better."), Stop);
    }

    public async Task BreakWeightsAsync(string version) =>
        await Models.GetBlobClient(BlobPaths.ModelWeights(version)).UploadAsync(BinaryData.FromString("damaged"), overwrite: true, Stop);

    public async Task<IReadOnlyList<AuditedMove>> HistoryAsync(List<string>? damaged = null) =>
        await new AliasAudit(Storage).ListAsync((await Store.ReadAliasAsync(Stop))?.Model.MoveId, message => damaged?.Add(message), Stop);

    public async Task<List<string>> NotesAsync()
    {
        var names = new List<string>();
        await foreach (var blob in Audit.GetBlobsAsync(cancellationToken: Stop))
            names.Add(blob.Name);
        return names;
    }

    public async Task<string> CurrentAsync() => (await Store.ReadAliasAsync(Stop)).ShouldNotBeNull().Model.Version;
}
