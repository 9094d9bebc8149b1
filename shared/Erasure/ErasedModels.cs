using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Models;

namespace CtSeg.Erasure;

/// <param name="Reason">One sentence without names.</param>
public sealed record AffectedModel(string Version, string Reason);

/// <param name="Unknown">Versions of which nobody noted what they learnt from.</param>
/// <param name="Unreadable">Paths of documents that cannot be read.</param>
internal sealed record ModelTraces(IReadOnlyList<AffectedModel> Affected, IReadOnlyList<string> Unknown, IReadOnlyList<string> Unreadable);

/// <summary>Finds and marks the models that saw erased slices.</summary>
/// <param name="shipped">Versions that came with the program: what they learnt from is public.</param>
internal sealed class ErasedModels(BlobServiceClient storage, IReadOnlySet<string> shipped)
{
    private const string Learnt = "It learnt from a slice of an erasure, or was compared with others on one.";
    private const int MaxConflicts = 10;
    private readonly BlobContainerClient _models = storage.GetBlobContainerClient(Containers.Models);

    public async Task<ModelTraces> FindAsync(ErasureOrder order, ErasureFindings found, CancellationToken cancellationToken)
    {
        var known = new ErasedPictures(found.Pictures);
        var (affected, unknown, unreadable) = (new Dictionary<string, string>(StringComparer.Ordinal), new List<string>(), new List<string>());
        var parents = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var version in await VersionsAsync(cancellationToken))
        {
            var manifest = await ReadAsync(BlobPaths.ModelCard(version), ModelsJson.Default.ModelManifest, unreadable, cancellationToken);
            var trainedOn = await ReadAsync(BlobPaths.ModelTrainedOn(version), ModelsJson.Default.TrainedOn, unreadable, cancellationToken);
            parents[version] = manifest?.ParentVersion;
            if (trainedOn is null && !shipped.Contains(version) && manifest is not { Training: null })
                unknown.Add(version);
            else if (trainedOn is not null && HasLearnt(trainedOn, known, order))
                affected[version] = Learnt;
        }
        AddDescendants(affected, parents);
        return new ModelTraces(
            [.. affected.OrderBy(model => model.Key, StringComparer.Ordinal).Select(model => new AffectedModel(model.Key, model.Value))],
            [.. unknown.Where(version => !affected.ContainsKey(version))], unreadable);
    }

    /// <summary>Of a model that is not in the storage yet.</summary>
    /// <param name="trainedOn">Null where nobody knows.</param>
    /// <returns>Null where it saw none of the slices of an erasure.</returns>
    public async Task<AffectedModel?> FindAsync(ErasureOrder order, ModelManifest manifest, TrainedOn? trainedOn, CancellationToken cancellationToken)
    {
        if (trainedOn is not null && HasLearnt(trainedOn, new ErasedPictures(order.Found.Pictures), order))
            return new AffectedModel(manifest.Version, Learnt);
        if (manifest.ParentVersion is not { } parent || !ModelVersions.IsAllowed(parent))
            return null;
        var (mark, _) = await FindMarkAsync(_models.GetBlobClient(BlobPaths.ModelErasure(parent)), cancellationToken);
        return mark?.Entries.Any(entry => entry.Erasure == order.Id) == true ? new AffectedModel(manifest.Version, LearntBy(parent)) : null;
    }

    /// <summary>Adds this erasure to the model's mark; once.</summary>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public async Task MarkAsync(AffectedModel model, ErasureOrder order, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        var blob = _models.GetBlobClient(BlobPaths.ModelErasure(model.Version));
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            var (marked, etag) = await FindMarkAsync(blob, cancellationToken);
            if (marked?.Entries.Any(entry => entry.Erasure == order.Id) == true)
                return;
            var entry = new ModelErasureEntry(order.Id, order.Time, model.Reason);
            var mark = new ModelErasure(model.Version, NeedsRetraining: true,
                [.. (marked?.Entries ?? []).Append(entry).OrderBy(one => one.Erasure, StringComparer.Ordinal)]);
            if (await ModelBlobs.TryWriteAsync(blob, ModelBlobs.ToJson(mark, ContractsJson.Default.ModelErasure), etag, cancellationToken) is not null)
                return;
        }
        throw new InvalidOperationException($"{Containers.Models}/{blob.Name} changed under {MaxConflicts} attempts to write it.");
    }

    /// <summary>The report shows slices as pictures.</summary>
    /// <returns>How many blobs went.</returns>
    public Task<int> RemoveReportAsync(string version, CancellationToken cancellationToken) =>
        BlobRemoval.RemoveAsync(_models, BlobPaths.ModelReport(version), cancellationToken);

    private static bool HasLearnt(TrainedOn trainedOn, ErasedPictures known, ErasureOrder order) =>
        trainedOn.Pictures.Any(known.Knows) || (order.Group is { } group && trainedOn.Groups.Contains(group, StringComparer.Ordinal));

    private static string LearntBy(string parent) => $"It was trained on from {parent}, which saw a slice of an erasure.";

    private static void AddDescendants(Dictionary<string, string> affected, Dictionary<string, string?> parents)
    {
        for (var before = -1; before != affected.Count;)
        {
            before = affected.Count;
            foreach (var (version, parent) in parents)
                if (parent is not null && affected.ContainsKey(parent))
                    affected.TryAdd(version, LearntBy(parent));
        }
    }

    private async Task<IReadOnlyList<string>> VersionsAsync(CancellationToken cancellationToken)
    {
        var versions = new List<string>();
        await foreach (var folder in _models.GetBlobsByHierarchyAsync(new GetBlobsByHierarchyOptions { Delimiter = "/" }, cancellationToken))
            if (folder.IsPrefix)
                versions.Add(folder.Prefix.TrimEnd('/'));
        return versions;
    }

    private async Task<T?> ReadAsync<T>(
        string name, JsonTypeInfo<T> type, List<string> unreadable, CancellationToken cancellationToken)
        where T : class
    {
        if (await BlobText.FindAsync(_models.GetBlobClient(name), cancellationToken) is not { } text)
            return null;
        var document = BlobText.TryParse(text, type);
        if (document is null)
            unreadable.Add($"{Containers.Models}/{name}");
        return document;
    }

    // One that cannot be read is written anew: that it is there is what counts.
    private static async Task<(ModelErasure? Mark, ETag? ETag)> FindMarkAsync(BlobClient blob, CancellationToken cancellationToken) =>
        await ModelBlobs.FindAsync(blob, cancellationToken) is { } found
            ? (BlobText.TryParse(found.Content.ToString(), ContractsJson.Default.ModelErasure), found.ETag)
            : (null, null);
}
