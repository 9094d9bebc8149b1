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
/// The alias <c>models/current.json</c> and the files of models, which are kept in a cache folder by version and hash: they are downloaded once,
/// and what was changed on disk since is downloaded again.
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
        await DownloadAsync(BlobPaths.ModelCard(model.Version), Path.Combine(folder, ModelFolder.ManifestName), expectedHash: null, namedBy, cancellationToken);
        CheckManifest(folder, model, namedBy);
        var weights = Path.Combine(folder, ModelFolder.WeightsName);
        if (!File.Exists(weights) || await HashAsync(weights, cancellationToken) != model.WeightsSha256)
            await DownloadAsync(BlobPaths.ModelWeights(model.Version), weights, model.WeightsSha256, namedBy, cancellationToken);
        await FetchSignatureAsync(model, Path.Combine(folder, SignedModelFolder.SignatureName), cancellationToken);
        return folder;
    }

    /// <summary>Where the files of a model are kept; they may not be there.</summary>
    public string FolderOf(ServedModel model) => Path.Combine(cacheFolder, $"{model.Version}-{model.WeightsSha256[..ShownHashLength]}");

    /// <summary>Version and hash become parts of paths.</summary>
    public static bool IsPlausible(ServedModel? model) =>
        model is { Version: not null, WeightsSha256: not null }
        && model.Version.Length is > 0 and <= 100
        && model.Version.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        && model.Version[0] != '.'
        && model.WeightsSha256.Length == 2 * SHA256.HashSizeInBytes
        && model.WeightsSha256.All(char.IsAsciiHexDigitLower);

    private static ReadAlias Parse(BinaryData content, ETag etag)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(content.ToMemory().Span));
        try
        {
            if (JsonSerializer.Deserialize(content.ToMemory().Span, ModelsJson.Default.CurrentModel) is { } current
                && new ServedModel(current.Version, current.WeightsSha256) is var named && IsPlausible(named))
                return new ReadAlias(etag, named, "", hash);
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

    /// <summary>Beside the file first: a job that dies in between, or runs beside this one, leaves no half of it.</summary>
    private async Task DownloadAsync(string blob, string file, string? expectedHash, string namedBy, CancellationToken cancellationToken)
    {
        // Two loads of one model may overlap in this process too.
        var partial = $"{file}.{Environment.ProcessId}-{Guid.NewGuid():N}.part";
        try
        {
            await models.GetBlobClient(blob).DownloadToAsync(partial, cancellationToken);
            if (expectedHash is not null && await HashAsync(partial, cancellationToken) is var hash && hash != expectedHash)
            {
                throw new ModelRefusedException(
                    $"{Containers.Models}/{blob} has the SHA-256 {hash}, {namedBy} names {expectedHash}: the model is refused; publish it again.");
            }
            File.Move(partial, file, overwrite: true);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            throw new ModelRefusedException($"{Containers.Models}/{blob} does not exist, though {namedBy} names it: publish the model again.", e);
        }
        finally
        {
            File.Delete(partial);
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
internal sealed record ReadAlias(ETag ETag, ServedModel? Model, string Problem, string ContentSha256);

/// <summary>A model cannot be used; the message says why and what to do.</summary>
internal sealed class ModelRefusedException(string message, Exception? innerException = null) : Exception(message, innerException);
