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
/// The model that <c>models/current.json</c> names, kept in a cache folder by version and hash: it is downloaded once,
/// and what was changed on disk since is downloaded again.
/// </summary>
internal sealed class StorageModelSource(BlobContainerClient models, string cacheFolder) : IModelSource
{
    private const int ShownHashLength = 12;

    public async Task<string> FetchAsync(CancellationToken cancellationToken)
    {
        var current = await ReadCurrentAsync(cancellationToken);
        var folder = Path.Combine(cacheFolder, $"{current.Version}-{current.WeightsSha256[..ShownHashLength]}");
        Directory.CreateDirectory(folder);
        await DownloadAsync(BlobPaths.ModelCard(current.Version), Path.Combine(folder, ModelFolder.ManifestName), expectedHash: null, cancellationToken);
        var weights = Path.Combine(folder, ModelFolder.WeightsName);
        if (!File.Exists(weights) || await HashAsync(weights, cancellationToken) != current.WeightsSha256)
            await DownloadAsync(BlobPaths.ModelWeights(current.Version), weights, current.WeightsSha256, cancellationToken);
        return folder;
    }

    private async Task<CurrentModel> ReadCurrentAsync(CancellationToken cancellationToken)
    {
        try
        {
            var json = (await models.GetBlobClient(BlobPaths.CurrentModel).DownloadContentAsync(cancellationToken)).Value.Content;
            if (JsonSerializer.Deserialize(json.ToMemory().Span, ModelsJson.Default.CurrentModel) is { } current && IsPlausible(current))
                return current;
        }
        catch (JsonException e)
        {
            throw new ModelRefusedException(NoCurrent("cannot be read"), e);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobNotFound || e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            throw new ModelRefusedException(NoCurrent("does not exist"), e);
        }
        throw new ModelRefusedException(NoCurrent("names no model"));
    }

    private static string NoCurrent(string why) =>
        $"{Containers.Models}/{BlobPaths.CurrentModel} {why}: publish a model there, or give a folder with --model.";

    // The version becomes part of a path on this machine.
    private static bool IsPlausible(CurrentModel current) =>
        current.Version.Length is > 0 and <= 100
        && current.Version.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        && current.Version[0] != '.'
        && current.WeightsSha256.Length == 2 * SHA256.HashSizeInBytes
        && current.WeightsSha256.All(char.IsAsciiHexDigitLower);

    /// <summary>Beside the file first: a job that dies in between, or runs beside this one, leaves no half of it.</summary>
    private async Task DownloadAsync(string blob, string file, string? expectedHash, CancellationToken cancellationToken)
    {
        var partial = $"{file}.{Environment.ProcessId}.part";
        try
        {
            await models.GetBlobClient(blob).DownloadToAsync(partial, cancellationToken);
            if (expectedHash is not null && await HashAsync(partial, cancellationToken) is var hash && hash != expectedHash)
            {
                throw new ModelRefusedException(
                    $"{Containers.Models}/{blob} has the SHA-256 {hash}, {BlobPaths.CurrentModel} names {expectedHash}: the model is refused; publish it again.");
            }
            File.Move(partial, file, overwrite: true);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            throw new ModelRefusedException($"{Containers.Models}/{blob} does not exist, though {BlobPaths.CurrentModel} names it: publish the model again.", e);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static async Task<string> HashAsync(string file, CancellationToken cancellationToken)
    {
        await using var content = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
    }
}

/// <summary>A folder given by hand; its hash is checked when it is loaded.</summary>
internal sealed class FolderModelSource(string folder) : IModelSource
{
    public Task<string> FetchAsync(CancellationToken cancellationToken) => Task.FromResult(folder);
}
