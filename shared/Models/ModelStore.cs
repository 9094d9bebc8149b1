using System.Runtime.CompilerServices;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;

namespace CtSeg.Models;

/// <summary>
/// The models in storage. What a version is never changes: weights, what it has learnt from and, last, the manifest that marks it as whole are
/// created once. Decision and report come later and may be replaced.
/// </summary>
public sealed class ModelStore(BlobServiceClient storage)
{
    private const int MaxConflicts = 10;
    private const int ReadAtOnce = 16;
    private readonly BlobContainerClient _models = storage.GetBlobContainerClient(Containers.Models);
    private readonly BlobContainerClient _audit = storage.GetBlobContainerClient(Containers.Audit);

    /// <summary>Publishes a model; the same again changes nothing, and completes one that a killed process left without its manifest.</summary>
    /// <param name="manifestJson">The bytes of <c>model.json</c>.</param>
    /// <param name="trainedOn">Null where nobody knows what it has learnt from: no other model is then compared with it.</param>
    /// <exception cref="DamagedModelException">The parts do not belong together; nothing was published.</exception>
    /// <exception cref="ModelExistsException">Another model of that version is published.</exception>
    public Task PublishAsync(ModelManifest manifest, BinaryData manifestJson, BinaryData weights, TrainedOn? trainedOn, CancellationToken cancellationToken) =>
        PublishAsync(manifest, manifestJson, weights, trainedOn, beforeWhole: _ => Task.CompletedTask, cancellationToken);

    /// <summary>The same, with something to be done when all but the manifest is stored: before anybody can use the model.</summary>
    /// <inheritdoc cref="PublishAsync(ModelManifest, BinaryData, BinaryData, TrainedOn?, CancellationToken)"/>
    public async Task PublishAsync(
        ModelManifest manifest, BinaryData manifestJson, BinaryData weights, TrainedOn? trainedOn, Func<CancellationToken, Task> beforeWhole, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(beforeWhole);
        ArgumentNullException.ThrowIfNull(manifestJson);
        ArgumentNullException.ThrowIfNull(weights);
        var version = manifest.Version;
        RequireWhole(manifest, manifestJson, weights, trainedOn);
        var published = await FindManifestBlobAsync(version, cancellationToken);
        if (published is { } other && !ModelBlobs.AreEqual(other, manifestJson))
            throw Exists(version, BlobPaths.ModelCard(version));
        var weightsETag = await StorePartAsync(version, BlobPaths.ModelWeights(version), weights, cancellationToken);
        if (trainedOn is not null)
        {
            var json = ModelBlobs.ToJson(trainedOn, ModelsJson.Default.TrainedOn);
            await StorePartAsync(version, BlobPaths.ModelTrainedOn(version), json, cancellationToken);
        }
        await beforeWhole(cancellationToken);
        var card = _models.GetBlobClient(BlobPaths.ModelCard(version));
        if (await ModelBlobs.TryCreateAsync(card, manifestJson, cancellationToken) is { } created)
            await RequireUntouchedAsync(version, card, created, weightsETag, cancellationToken);
        else if (await FindManifestBlobAsync(version, cancellationToken) is not { } stored || !ModelBlobs.AreEqual(stored, manifestJson))
            throw Exists(version, card.Name);
    }

    /// <returns>Null where no model of that version is whole.</returns>
    /// <exception cref="DamagedModelException">The manifest cannot be read or is another version's.</exception>
    public async Task<ModelManifest?> FindAsync(string version, CancellationToken cancellationToken) =>
        ModelVersions.IsAllowed(version) && await FindManifestBlobAsync(version, cancellationToken) is { } json ? ParseManifest(version, json) : null;

    /// <returns>Manifest and weights, their hash checked; null where no model of that version is whole.</returns>
    /// <exception cref="DamagedModelException">The manifest cannot be read, or the weights are gone or not those that it names.</exception>
    public async Task<ModelFiles?> FindFilesAsync(string version, CancellationToken cancellationToken)
    {
        if (!ModelVersions.IsAllowed(version) || await FindManifestBlobAsync(version, cancellationToken) is not { } json)
            return null;
        var manifest = ParseManifest(version, json);
        var blob = _models.GetBlobClient(BlobPaths.ModelWeights(version));
        if (await ModelBlobs.FindAsync(blob, cancellationToken) is not { } weights)
            throw new DamagedModelException($"{ModelBlobs.NameOf(blob)} does not exist, though there is a manifest: publish the model again.");
        if (ModelBlobs.HashOf(weights.Content) is var hash && hash != manifest.WeightsSha256)
            throw new DamagedModelException($"{ModelBlobs.NameOf(blob)} has the SHA-256 {hash}, its manifest names {manifest.WeightsSha256}: the model is not used.");
        return new ModelFiles(manifest, json, weights.Content);
    }

    /// <returns>Null where nobody knows what the model has learnt from.</returns>
    /// <exception cref="DamagedModelException">The document cannot be read or is another version's.</exception>
    public async Task<TrainedOn?> FindTrainedOnAsync(string version, CancellationToken cancellationToken)
    {
        if (!ModelVersions.IsAllowed(version))
            return null;
        var blob = _models.GetBlobClient(BlobPaths.ModelTrainedOn(version));
        if (await ModelBlobs.FindAsync(blob, cancellationToken) is not { } found)
            return null;
        var trainedOn = ModelBlobs.Parse(blob, found.Content, ModelsJson.Default.TrainedOn);
        return trainedOn.Version == version
            ? trainedOn
            : throw new DamagedModelException($"{ModelBlobs.NameOf(blob)} is about another version, '{trainedOn.Version}': the model counts as one whose data nobody knows.");
    }

    /// <exception cref="DamagedModelException">The document cannot be read.</exception>
    public async Task<PromotionDecision?> FindDecisionAsync(string version, CancellationToken cancellationToken)
    {
        if (!ModelVersions.IsAllowed(version))
            return null;
        var blob = _models.GetBlobClient(BlobPaths.ModelDecision(version));
        return await ModelBlobs.FindAsync(blob, cancellationToken) is { } found
            ? ModelBlobs.Parse(blob, found.Content, ModelsJson.Default.PromotionDecision)
            : null;
    }

    /// <returns>Null for an unsigned model.</returns>
    /// <exception cref="DamagedModelException">The document cannot be read.</exception>
    public async Task<ModelSignature?> FindSignatureAsync(string version, CancellationToken cancellationToken)
    {
        if (!ModelVersions.IsAllowed(version))
            return null;
        var blob = _models.GetBlobClient(BlobPaths.ModelSignature(version));
        return await ModelBlobs.FindAsync(blob, cancellationToken) is { } found ? ModelBlobs.Parse(blob, found.Content, ModelsJson.Default.ModelSignature) : null;
    }

    /// <returns>Whether data that the model has seen were erased since.</returns>
    public async Task<bool> HoldsErasedDataAsync(string version, CancellationToken cancellationToken) =>
        ModelVersions.IsAllowed(version) && await _models.GetBlobClient(BlobPaths.ModelErasure(version)).ExistsAsync(cancellationToken);

    /// <summary>All models, in the order of their versions. A damaged one says so in its entry and hides no other.</summary>
    public async IAsyncEnumerable<ModelListing> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var folders = new SortedDictionary<string, HashSet<string>>(StringComparer.Ordinal);
        await foreach (var blob in _models.GetBlobsAsync(cancellationToken: cancellationToken))
            if (blob.Name.IndexOf('/', StringComparison.Ordinal) is var slash and > 0)
                (folders.TryGetValue(blob.Name[..slash], out var names) ? names : folders[blob.Name[..slash]] = []).Add(blob.Name);
        foreach (var some in folders.Chunk(ReadAtOnce))
            foreach (var listing in await Task.WhenAll(some.Select(folder => ListAsync(folder.Key, folder.Value, cancellationToken))))
                yield return listing;
    }

    /// <summary>Stores why a challenger was promoted or not; one against an earlier champion is replaced, and stays in the audit under its hash.</summary>
    /// <returns>SHA-256 of the decision's bytes.</returns>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public async Task<string> StoreDecisionAsync(string version, PromotionDecision decision, CancellationToken cancellationToken)
    {
        RequireAllowed(version);
        var json = ModelBlobs.ToJson(decision, ModelsJson.Default.PromotionDecision);
        var hash = ModelBlobs.HashOf(json);
        // Named by its content: one that is there already is the same.
        await ModelBlobs.TryCreateAsync(_audit.GetBlobClient(BlobPaths.Decision(hash)), json, cancellationToken);
        await ReplaceAsync(BlobPaths.ModelDecision(version), json, cancellationToken);
        return hash;
    }

    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public Task StoreReportAsync(string version, string html, CancellationToken cancellationToken)
    {
        RequireAllowed(version);
        return ReplaceAsync(BlobPaths.ModelReport(version), BinaryData.FromString(html), cancellationToken);
    }

    /// <summary>Signs a published model.</summary>
    /// <param name="privateKey">PEM.</param>
    /// <exception cref="DamagedModelException">There is no such model, or its files are not what they should be.</exception>
    /// <exception cref="UntrustedModelException">The key cannot sign.</exception>
    public async Task<ModelSignature> SignAsync(string version, string privateKey, CancellationToken cancellationToken)
    {
        var files = await FindFilesAsync(version, cancellationToken)
            ?? throw new DamagedModelException($"There is no model '{version}': 'models list' shows those that there are.");
        var signature = ModelSignatures.Sign(privateKey, files.ManifestJson, files.Manifest.WeightsSha256);
        await StoreSignatureAsync(version, signature, cancellationToken);
        return signature;
    }

    /// <summary>Stores a signature; one by another key is replaced.</summary>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public Task StoreSignatureAsync(string version, ModelSignature signature, CancellationToken cancellationToken)
    {
        RequireAllowed(version);
        return ReplaceAsync(BlobPaths.ModelSignature(version), ModelBlobs.ToJson(signature, ModelsJson.Default.ModelSignature), cancellationToken);
    }

    /// <returns>Null where no model is in use.</returns>
    /// <exception cref="DamagedModelException">The alias cannot be read or names no model.</exception>
    public async Task<StoredAlias?> ReadAliasAsync(CancellationToken cancellationToken)
    {
        var blob = _models.GetBlobClient(BlobPaths.CurrentModel);
        if (await ModelBlobs.FindAsync(blob, cancellationToken) is not { } found)
            return null;
        var current = ModelBlobs.Parse(blob, found.Content, ModelsJson.Default.CurrentModel);
        var alias = new StoredAlias(current, found.ETag);
        return ModelVersions.IsPlausible(alias.Served) && (current.Before ?? []).All(ModelVersions.IsPlausible)
            ? alias
            : throw new DamagedModelException($"{ModelBlobs.NameOf(blob)} names no model: promote one by hand, with a reason.");
    }

    private async Task<ModelListing> ListAsync(string version, HashSet<string> blobs, CancellationToken cancellationToken)
    {
        var (manifest, damage) = await ReadAsync(version, cancellationToken);
        return new ModelListing(
            version, manifest, damage, blobs.Contains(BlobPaths.ModelTrainedOn(version)), blobs.Contains(BlobPaths.ModelSignature(version)),
            blobs.Contains(BlobPaths.ModelErasure(version)));
    }

    private async Task<(ModelManifest? Manifest, string? Damage)> ReadAsync(string version, CancellationToken cancellationToken)
    {
        if (!ModelVersions.IsAllowed(version))
            return (null, "no model may have that name");
        try
        {
            return await FindAsync(version, cancellationToken) is { } manifest
                ? (manifest, null)
                : (null, $"{Containers.Models}/{BlobPaths.ModelCard(version)} does not exist: its publication did not end");
        }
        catch (DamagedModelException e)
        {
            return (null, e.Message);
        }
    }

    private async Task<BinaryData?> FindManifestBlobAsync(string version, CancellationToken cancellationToken) =>
        (await ModelBlobs.FindAsync(_models.GetBlobClient(BlobPaths.ModelCard(version)), cancellationToken))?.Content;

    private ModelManifest ParseManifest(string version, BinaryData json)
    {
        var blob = _models.GetBlobClient(BlobPaths.ModelCard(version));
        var manifest = ModelBlobs.Parse(blob, json, ModelsJson.Default.ModelManifest);
        if (manifest.Version != version)
            throw new DamagedModelException($"{ModelBlobs.NameOf(blob)} is the manifest of another version, '{manifest.Version}': the model is not used.");
        return ModelVersions.IsHash(manifest.WeightsSha256)
            ? manifest
            : throw new DamagedModelException($"{ModelBlobs.NameOf(blob)} names no SHA-256 of the weights: the model is not used.");
    }

    /// <summary>Creates a part of a model. While there is no manifest, nobody can have used what lies there, and it is replaced.</summary>
    private async Task<ETag> StorePartAsync(string version, string name, BinaryData content, CancellationToken cancellationToken)
    {
        var blob = _models.GetBlobClient(name);
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            if (await ModelBlobs.TryCreateAsync(blob, content, cancellationToken) is { } created)
                return created;
            if (await ModelBlobs.FindAsync(blob, cancellationToken) is not { } found)
                continue;
            if (ModelBlobs.AreEqual(found.Content, content))
                return found.ETag;
            if (await FindManifestBlobAsync(version, cancellationToken) is not null)
                throw Exists(version, name);
            if (await ModelBlobs.TryWriteAsync(blob, content, found.ETag, cancellationToken) is { } replaced)
                return replaced;
        }
        throw new InvalidOperationException($"{ModelBlobs.NameOf(blob)} changed under {MaxConflicts} attempts to write it.");
    }

    /// <summary>Two that publish different weights under one version at once: the manifest must not stand over the other's.</summary>
    private async Task RequireUntouchedAsync(string version, BlobClient card, ETag own, ETag weights, CancellationToken cancellationToken)
    {
        var blob = _models.GetBlobClient(BlobPaths.ModelWeights(version));
        if ((await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ETag == weights)
            return;
        await card.DeleteIfExistsAsync(conditions: new BlobRequestConditions { IfMatch = own }, cancellationToken: CancellationToken.None);
        throw Exists(version, blob.Name);
    }

    private async Task ReplaceAsync(string name, BinaryData content, CancellationToken cancellationToken)
    {
        var blob = _models.GetBlobClient(name);
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            var found = await ModelBlobs.FindAsync(blob, cancellationToken);
            if (found is { } same && ModelBlobs.AreEqual(same.Content, content))
                return;
            if (await ModelBlobs.TryWriteAsync(blob, content, found?.ETag, cancellationToken) is not null)
                return;
        }
        throw new InvalidOperationException($"{ModelBlobs.NameOf(blob)} changed under {MaxConflicts} attempts to write it.");
    }

    private static void RequireWhole(ModelManifest manifest, BinaryData manifestJson, BinaryData weights, TrainedOn? trainedOn)
    {
        RequireAllowed(manifest.Version);
        var (version, name) = (manifest.Version, BlobPaths.ModelCard(manifest.Version));
        ModelManifest? written;
        try
        {
            written = JsonSerializer.Deserialize(manifestJson.ToMemory().Span, ModelsJson.Default.ModelManifest);
        }
        catch (JsonException e)
        {
            throw new DamagedModelException($"The manifest {name} to be published cannot be read: {e.Message}", e);
        }
        if (written?.Version != version || written.WeightsSha256 != manifest.WeightsSha256)
            throw new DamagedModelException($"The manifest {name} to be published is that of another model: give the bytes of its own.");
        if (ModelBlobs.HashOf(weights) is var hash && hash != manifest.WeightsSha256)
            throw new DamagedModelException($"The weights of {version} have the SHA-256 {hash}, its manifest names {manifest.WeightsSha256}: they are not published.");
        if (trainedOn is not null && trainedOn.Version != version)
            throw new DamagedModelException($"What {version} has learnt from is noted for '{trainedOn.Version}': the model is not published.");
    }

    private static void RequireAllowed(string version)
    {
        if (!ModelVersions.IsAllowed(version))
            throw new DamagedModelException($"A model cannot be named '{version}': use at most 100 letters, digits, '.', '_' and '-', and no '.' first.");
    }

    private static ModelExistsException Exists(string version, string name) =>
        new($"{Containers.Models}/{name} exists with other content: versions never change, so publish the model under another than '{version}'.");
}
