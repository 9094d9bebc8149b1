using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Erasure;

namespace CtSeg.Scans;

/// <summary>Preprocessed images and results of scans. What exists is never written again.</summary>
public sealed class ScanBlobs(BlobServiceClient storage)
{
    private const string HashMetadata = "sha256";
    private readonly BlobContainerClient _slices = storage.GetBlobContainerClient(Containers.Slices);
    private readonly BlobContainerClient _preprocessed = storage.GetBlobContainerClient(Containers.Preprocessed);
    private readonly BlobContainerClient _results = storage.GetBlobContainerClient(Containers.Results);

    /// <value>Whom every writer asks after its last write.</value>
    public ErasedScans Erased { get; } = new(storage);

    public BlobClient Upload(string blobName) => _slices.GetBlobClient(blobName);

    /// <param name="maxBytes">What is larger is not read.</param>
    /// <returns>The upload, without its content where that is too large; null where it is gone.</returns>
    public async Task<(ETag ETag, BinaryData? Content)?> FindUploadAsync(string blobName, long maxBytes, CancellationToken cancellationToken)
    {
        var blob = Upload(blobName);
        try
        {
            var found = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            if (found.ContentLength > maxBytes)
                return (found.ETag, null);
            var sameVersion = new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfMatch = found.ETag } };
            return (found.ETag, (await blob.DownloadContentAsync(sameVersion, cancellationToken)).Value.Content);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return null;
        }
    }

    /// <summary>The image first, then the manifest that refers to it.</summary>
    /// <param name="png">The preprocessed image, PNG.</param>
    public async Task StorePreprocessedAsync(ScanManifest manifest, BinaryData png, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var scan = manifest.ScanId;
        await TryCreateAsync(_preprocessed.GetBlobClient(BlobPaths.PreprocessedImage(scan)), png, "image/png", null, cancellationToken);
        var json = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(manifest, ContractsJson.Default.ScanManifest));
        await TryCreateAsync(_preprocessed.GetBlobClient(BlobPaths.Manifest(scan)), json, "application/json", null, cancellationToken);
    }

    /// <returns>Null when the scan was not preprocessed.</returns>
    public Task<ScanManifest?> FindManifestAsync(ScanId scan, CancellationToken cancellationToken) =>
        FindJsonAsync(_preprocessed.GetBlobClient(BlobPaths.Manifest(scan)), ContractsJson.Default.ScanManifest, cancellationToken);

    /// <returns>The preprocessed image, PNG; null when there is none.</returns>
    public Task<BinaryData?> FindPreprocessedImageAsync(ScanId scan, CancellationToken cancellationToken) =>
        FindAsync(_preprocessed.GetBlobClient(BlobPaths.PreprocessedImage(scan)), cancellationToken);

    /// <returns>Null while the result is not whole: the metrics are written last.</returns>
    public Task<ScanMetrics?> FindMetricsAsync(ScanId scan, CancellationToken cancellationToken) =>
        FindJsonAsync(_results.GetBlobClient(BlobPaths.Metrics(scan)), ContractsJson.Default.ScanMetrics, cancellationToken);

    /// <summary>
    /// Stores mask, overlay and, last, the metrics that mark the result as whole. Pictures left by a job that died in
    /// between are kept when they are the same, and replaced otherwise (another model, another kind of processor).
    /// </summary>
    /// <returns>False when a whole result existed already; nothing of it is changed.</returns>
    public async Task<bool> TryStoreResultAsync(ScanMetrics metrics, BinaryData mask, BinaryData overlay, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        var scan = metrics.ScanId;
        if (!await TryStorePictureAsync(scan, BlobPaths.Mask(scan), mask, cancellationToken)
            || !await TryStorePictureAsync(scan, BlobPaths.Overlay(scan), overlay, cancellationToken))
            return false;
        var json = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(metrics, ContractsJson.Default.ScanMetrics));
        return await TryCreateAsync(_results.GetBlobClient(BlobPaths.Metrics(scan)), json, "application/json", null, cancellationToken);
    }

    /// <returns>False when a whole result exists, whose pictures must stay as its metrics describe them.</returns>
    private async Task<bool> TryStorePictureAsync(ScanId scan, string name, BinaryData png, CancellationToken cancellationToken)
    {
        var blob = _results.GetBlobClient(name);
        var hash = Convert.ToHexStringLower(SHA256.HashData(png.ToMemory().Span));
        var metadata = new Dictionary<string, string> { [HashMetadata] = hash };
        if (await TryCreateAsync(blob, png, "image/png", metadata, cancellationToken))
            return true;
        var found = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
        if (found.Value.Metadata.TryGetValue(HashMetadata, out var other) && other == hash)
            return true;
        if (await _results.GetBlobClient(BlobPaths.Metrics(scan)).ExistsAsync(cancellationToken))
            return false;
        await blob.UploadAsync(
            png,
            new BlobUploadOptions
            {
                Conditions = new BlobRequestConditions { IfMatch = found.Value.ETag },
                HttpHeaders = new BlobHttpHeaders { ContentType = "image/png" },
                Metadata = metadata,
            },
            cancellationToken);
        return true;
    }

    private static async Task<bool> TryCreateAsync(
        BlobClient blob, BinaryData content, string contentType, IDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            HttpHeaders = new BlobHttpHeaders { ContentType = contentType },
            Metadata = metadata,
        };
        try
        {
            await blob.UploadAsync(content, options, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
        {
            return false;
        }
    }

    private static async Task<T?> FindJsonAsync<T>(BlobClient blob, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var content = await FindAsync(blob, cancellationToken);
        return content is null ? null : JsonSerializer.Deserialize(content.ToMemory().Span, type);
    }

    private static async Task<BinaryData?> FindAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            return (await blob.DownloadContentAsync(cancellationToken)).Value.Content;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return null;
        }
    }
}
