using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Local.Processes;
using CtSeg.Models;

namespace CtSeg.Local.Stack;

/// <summary>
/// Puts the models of the repository into the storage. What is there already stays as it is: a model of the same version, and the one in use, which
/// may have been promoted since.
/// </summary>
internal sealed class ModelSeeds(BlobServiceClient storage, TimeProvider time)
{
    private const string ManifestName = "model.json";
    private readonly ModelStore _store = new(storage);

    /// <param name="weights">Folder with one folder a version and <c>current.json</c>; may be absent.</param>
    /// <exception cref="StartFailedException">The folder does not hold what it should.</exception>
    public async Task SeedAsync(string weights, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(weights))
            return;
        try
        {
            foreach (var folder in Directory.GetDirectories(weights).Where(folder => File.Exists(Path.Combine(folder, ManifestName))).Order(StringComparer.Ordinal))
                await PublishAsync(folder, cancellationToken);
            await ServeAsync(Path.Combine(weights, BlobPaths.CurrentModel), cancellationToken);
        }
        catch (Exception e) when (e is DamagedModelException or AliasMoveRefusedException or JsonException or IOException)
        {
            throw new StartFailedException($"The models in '{weights}' cannot be used: {e.Message}", e);
        }
    }

    private async Task PublishAsync(string folder, CancellationToken cancellationToken)
    {
        var json = await ReadAsync(folder, ManifestName, cancellationToken);
        var manifest = JsonSerializer.Deserialize(json.ToMemory().Span, ModelsJson.Default.ModelManifest) ?? throw new DamagedModelException($"'{folder}' holds an empty {ManifestName}.");
        var trainedOn = Path.Combine(folder, "trained-on.json");
        try
        {
            await _store.PublishAsync(
                manifest, json, await ReadAsync(folder, "weights.safetensors", cancellationToken),
                File.Exists(trainedOn) ? JsonSerializer.Deserialize(await File.ReadAllBytesAsync(trainedOn, cancellationToken), ModelsJson.Default.TrainedOn) : null,
                cancellationToken);
        }
        catch (ModelExistsException)
        {
            // The storage is older than the checkout; its version stands.
            return;
        }
        if (File.Exists(Path.Combine(folder, "LICENSE")))
            await CreateAsync($"{manifest.Version}/LICENSE", await ReadAsync(folder, "LICENSE", cancellationToken), cancellationToken);
    }

    private async Task ServeAsync(string currentFile, CancellationToken cancellationToken)
    {
        var blob = storage.GetBlobContainerClient(Containers.Models).GetBlobClient(BlobPaths.CurrentModel);
        if (!File.Exists(currentFile) || await blob.ExistsAsync(cancellationToken))
            return;
        var current = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(currentFile, cancellationToken), ModelsJson.Default.CurrentModel)
            ?? throw new DamagedModelException($"'{currentFile}' is empty.");
        var alias = new ModelAlias(storage, time);
        var model = new ServedModel(current.Version, current.WeightsSha256) { ManifestSha256 = current.ManifestSha256 };
        await alias.MoveAsync(read: null, alias.NewMove(AliasMoveKind.Seed, model, "up", "The first model of an empty registry."), cancellationToken);
    }

    private async Task CreateAsync(string name, BinaryData content, CancellationToken cancellationToken)
    {
        try
        {
            var options = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
            await storage.GetBlobContainerClient(Containers.Models).GetBlobClient(name).UploadAsync(content, options, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobAlreadyExists || e.ErrorCode == BlobErrorCode.ConditionNotMet)
        {
            // There already.
        }
    }

    private static async Task<BinaryData> ReadAsync(string folder, string name, CancellationToken cancellationToken) =>
        BinaryData.FromBytes(await File.ReadAllBytesAsync(Path.Combine(folder, name), cancellationToken));
}
