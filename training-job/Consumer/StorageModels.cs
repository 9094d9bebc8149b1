using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>
/// The alias <c>models/current.json</c> and the files of models, which are kept in a cache folder by version and hashes: they are downloaded once,
/// and what was changed on disk since is downloaded again. What is downloaded replaces nothing before it was checked.
/// </summary>
internal sealed class StorageModels(BlobContainerClient models, string cacheFolder)
{
    private const int ShownHashLength = 12;
    private static readonly ETag Missing = new("missing");
    private static readonly string HashOfNothing = Convert.ToHexStringLower(SHA256.HashData([]));

    /// <param name="known">As it was read before; null for the first time.</param>
    /// <returns>Null where it is as it was.</returns>
    public async Task<ReadAlias?> ReadAliasAsync(ETag? known, CancellationToken cancellationToken)
    {
        var options = new BlobDownloadOptions();
        if (known is { } etag && etag != Missing)
            options.Conditions = new BlobRequestConditions { IfNoneMatch = etag };
        try
        {
            var answer = await models.GetBlobClient(BlobPaths.CurrentModel).DownloadContentAsync(options, cancellationToken);
            return answer.GetRawResponse().Status == (int)HttpStatusCode.NotModified ? null : Parse(answer.Value.Content, answer.Value.Details.ETag);
        }
        catch (RequestFailedException e) when (IsMissing(e))
        {
            return known == Missing ? null : Unusable(Missing, "does not exist", HashOfNothing);
        }
    }

    /// <summary>Makes a model ready on this machine, all of its hashes checked.</summary>
    /// <param name="namedBy">The blob in <c>models/</c> that names the model.</param>
    /// <returns>The folder with its files.</returns>
    /// <exception cref="ModelRefusedException">The files are not those of the model that was named, or are not there.</exception>
    public async Task<string> FetchAsync(ServedModel model, string namedBy, CancellationToken cancellationToken)
    {
        var folder = FolderOf(model);
        Directory.CreateDirectory(folder);
        await FetchFileAsync(ModelFolder.ManifestName, model, folder, namedBy, cancellationToken);
        await FetchFileAsync(ModelFolder.WeightsName, model, folder, namedBy, cancellationToken);
        await FetchSignatureAsync(model, Path.Combine(folder, SignedModelFolder.SignatureName), cancellationToken);
        return folder;
    }

    /// <summary>Where the files of a model are kept; they may not be there. Accounts whose manifests differ do not share a folder.</summary>
    public string FolderOf(ServedModel model) => Path.Combine(
        cacheFolder, string.Join('-', new[] { model.Version, model.WeightsSha256[..ShownHashLength], model.ManifestSha256?[..ShownHashLength] }.OfType<string>()));

    /// <summary>Version and hashes become parts of paths.</summary>
    public static bool IsPlausible(ServedModel? model) => ModelVersions.IsPlausible(model);

    private static ReadAlias Parse(BinaryData content, ETag etag)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(content.ToMemory().Span));
        try
        {
            if (JsonSerializer.Deserialize(content.ToMemory().Span, ModelsJson.Default.CurrentModel) is { } current
                && new StoredAlias(current, etag).Served is var named && IsPlausible(named))
                return new ReadAlias(etag, named, "", hash) { Before = [.. (current.Before ?? []).Where(IsPlausible)] };
        }
        catch (JsonException)
        {
            return Unusable(etag, "cannot be read", hash);
        }
        return Unusable(etag, "names no model", hash);
    }

    private static ReadAlias Unusable(ETag etag, string why, string hash) =>
        new(etag, Model: null, $"{Containers.Models}/{BlobPaths.CurrentModel} {why}: publish a model there, or give a folder with --model.", hash);

    private static void CheckManifest(string folder, ServedModel model, string namedBy)
    {
        var blob = $"{Containers.Models}/{BlobPaths.ModelCard(model.Version)}";
        ModelManifest manifest;
        try
        {
            manifest = ModelFolder.ReadManifest(folder);
        }
        catch (ModelFolderException e)
        {
            throw new ModelRefusedException($"{blob} cannot be read: publish the model again.", e);
        }
        if (manifest.Version != model.Version)
            throw new ModelRefusedException($"{blob} is the manifest of another model ({manifest.Version}): the model is refused; publish it again.");
        if (manifest.WeightsSha256 != model.WeightsSha256)
            throw new ModelRefusedException($"{blob} names weights with the SHA-256 {manifest.WeightsSha256}, {namedBy} {model.WeightsSha256}: the model is refused; publish it again.");
    }

    private static bool IsMissing(RequestFailedException e) =>
        e.ErrorCode == BlobErrorCode.BlobNotFound || e.ErrorCode == BlobErrorCode.ContainerNotFound;

    /// <summary>Beside the file first: a job that dies in between, or runs beside this one, leaves no half of it, and what is refused replaces nothing.</summary>
    private async Task FetchFileAsync(string name, ServedModel model, string folder, string namedBy, CancellationToken cancellationToken)
    {
        var isManifest = name == ModelFolder.ManifestName;
        var blob = isManifest ? BlobPaths.ModelCard(model.Version) : BlobPaths.ModelWeights(model.Version);
        var expected = isManifest ? model.ManifestSha256 : model.WeightsSha256;
        var kept = Path.Combine(folder, name);
        if (expected is not null && File.Exists(kept) && await HashAsync(kept, cancellationToken) == expected)
            return;
        // Two loads of one model may overlap in this process too.
        var aside = Path.Combine(folder, $"{Environment.ProcessId}-{Guid.NewGuid():N}.part");
        Directory.CreateDirectory(aside);
        try
        {
            var file = Path.Combine(aside, name);
            await models.GetBlobClient(blob).DownloadToAsync(file, cancellationToken);
            if (expected is not null && await HashAsync(file, cancellationToken) is var hash && hash != expected)
                throw new ModelRefusedException($"{Containers.Models}/{blob} has the SHA-256 {hash}, {namedBy} names {expected}: the model is refused; publish it again.");
            if (isManifest)
                CheckManifest(aside, model, namedBy);
            File.Move(file, kept, overwrite: true);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            throw new ModelRefusedException($"{Containers.Models}/{blob} does not exist, though {namedBy} names it: publish the model again.", e);
        }
        finally
        {
            Directory.Delete(aside, recursive: true);
        }
    }

    /// <summary>Kept beside the model: whoever loads the folder checks it, also when storage is out of reach.</summary>
    private async Task FetchSignatureAsync(ServedModel model, string file, CancellationToken cancellationToken)
    {
        try
        {
            var signature = (await models.GetBlobClient(BlobPaths.ModelSignature(model.Version)).DownloadContentAsync(cancellationToken)).Value.Content;
            ModelFolder.ReplaceFile(file, signature.ToMemory().Span);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            File.Delete(file);
        }
    }

    private static async Task<string> HashAsync(string file, CancellationToken cancellationToken)
    {
        await using var content = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
    }
}

/// <summary>What the alias says.</summary>
/// <param name="Model">Null where it names none that could be.</param>
/// <param name="Problem">One sentence where there is no model.</param>
/// <param name="ContentSha256">Of the document, lower-case hexadecimal.</param>
internal sealed record ReadAlias(ETag ETag, ServedModel? Model, string Problem, string ContentSha256)
{
    /// <value>The models that served before, the last one last.</value>
    public IReadOnlyList<ServedModel> Before { get; init; } = [];
}

/// <summary>A model cannot be used; the message says why and what to do.</summary>
internal sealed class ModelRefusedException(string message, Exception? innerException = null) : Exception(message, innerException);
