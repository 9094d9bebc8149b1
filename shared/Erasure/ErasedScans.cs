using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Scans;

namespace CtSeg.Erasure;

/// <summary>
/// Scans whose erasure was ordered, each by a marker in <see cref="Containers.Audit"/>. An erasure removes the sources first (the upload, then the
/// preprocessed image), then what was made of them. So whoever makes something of a scan asks here after the last write: where the scan is marked and
/// its source is gone, the writes are taken back; where the source is there, the erasure has yet to come by, or somebody uploaded the slice anew.
/// </summary>
/// <remarks>Costs one request, which almost always finds no marker.</remarks>
public sealed class ErasedScans(BlobServiceClient storage)
{
    private readonly BlobContainerClient _audit = storage.GetBlobContainerClient(Containers.Audit);
    private readonly BlobContainerClient _slices = storage.GetBlobContainerClient(Containers.Slices);
    private readonly BlobContainerClient _preprocessed = storage.GetBlobContainerClient(Containers.Preprocessed);

    /// <summary>For what is made of the preprocessed image.</summary>
    public async Task<bool> IsErasedAsync(ScanId scan, CancellationToken cancellationToken) =>
        await IsMarkedAsync(scan, cancellationToken) && !await _preprocessed.GetBlobClient(BlobPaths.Manifest(scan)).ExistsAsync(cancellationToken);

    /// <summary>
    /// For who wrote a list of slices of the training data, or is about to use what was learnt from one: whether any of them was erased. One listing.
    /// </summary>
    public async Task<bool> AnyErasedAsync(IEnumerable<ScanId> slices, CancellationToken cancellationToken) =>
        (await FindErasedAsync(slices, cancellationToken)).Count > 0;

    /// <summary>The same: which of them.</summary>
    internal async Task<IReadOnlySet<ScanId>> FindErasedAsync(IEnumerable<ScanId> slices, CancellationToken cancellationToken)
    {
        var (listed, erased) = (slices.ToHashSet(), new HashSet<ScanId>());
        var data = storage.GetBlobContainerClient(Containers.TrainingData);
        await foreach (var blob in _audit.GetBlobsAsync(new GetBlobsOptions { Prefix = BlobPaths.ErasedScans }, cancellationToken))
            if (ScanId.TryParse(blob.Name[BlobPaths.ErasedScans.Length..], out var slice) && listed.Contains(slice)
                && !await data.GetBlobClient(BlobPaths.TrainingSlice(slice)).ExistsAsync(cancellationToken))
                erased.Add(slice);
        return erased;
    }

    /// <summary>After writing a result: removes all that was made of the scan if it was erased.</summary>
    /// <returns>Whether it was.</returns>
    public async Task<bool> TakeBackScanAsync(ScanId scan, CancellationToken cancellationToken)
    {
        if (!await IsErasedAsync(scan, cancellationToken))
            return false;
        await RemoveMadeAsync(scan, cancellationToken);
        return true;
    }

    /// <summary>After taking an upload in: removes all that was made of it if it was erased.</summary>
    /// <param name="blobName">Path inside <see cref="Containers.Slices"/>.</param>
    /// <returns>Whether it was.</returns>
    public async Task<bool> TakeBackUploadAsync(ScanId scan, string blobName, CancellationToken cancellationToken)
    {
        if (!await IsMarkedAsync(scan, cancellationToken) || await HasUploadAsync(scan, blobName, cancellationToken))
            return false;
        await RemoveMadeAsync(scan, cancellationToken);
        return true;
    }

    /// <summary>After writing one blob about a scan: removes it if the scan was erased.</summary>
    /// <returns>Whether it was.</returns>
    public async Task<bool> TakeBackAsync(ScanId scan, string container, string blobName, CancellationToken cancellationToken)
    {
        if (!await IsErasedAsync(scan, cancellationToken))
            return false;
        await BlobRemoval.RemoveAsync(storage.GetBlobContainerClient(container), blobName, cancellationToken);
        return true;
    }

    /// <summary>After taking a corrected mask in: removes it from the training data if the scan was erased.</summary>
    /// <param name="slice">As it was stored; null where the mask was refused.</param>
    /// <returns>Whether it was.</returns>
    internal async Task<bool> TakeBackCorrectionAsync(ScanId scan, TrainingSlice? slice, CancellationToken cancellationToken)
    {
        if (!await IsMarkedAsync(scan, cancellationToken) || await IsCorrectedAnewAsync(scan, slice, cancellationToken))
            return false;
        await new TrainingDataRemoval(storage).RemoveWholeAsync(scan, slice, cancellationToken);
        return true;
    }

    /// <summary>
    /// For who finds no corrected mask any more: removes what an earlier call left of the scan in the training data, if the scan was erased and neither
    /// taken in nor imported anew.
    /// </summary>
    /// <returns>Whether it was.</returns>
    internal async Task<bool> TakeBackLeftCorrectionAsync(ScanId scan, CancellationToken cancellationToken)
    {
        if (!await IsErasedAsync(scan, cancellationToken))
            return false;
        var removal = new TrainingDataRemoval(storage);
        var left = await removal.FindAsync(scan, cancellationToken);
        if (left is not null && (left.Origin.BlobName is not { } upload || await HasUploadAsync(scan, upload, cancellationToken)))
            return false;
        await removal.RemoveWholeAsync(scan, left, cancellationToken);
        return true;
    }

    private async Task<bool> IsCorrectedAnewAsync(ScanId scan, TrainingSlice? slice, CancellationToken cancellationToken) =>
        await storage.GetBlobContainerClient(Containers.Corrections).GetBlobClient(BlobPaths.Correction(scan)).ExistsAsync(cancellationToken)
        && (slice?.Origin.BlobName is not { } upload || await HasUploadAsync(scan, upload, cancellationToken));

    internal async Task<bool> IsMarkedAsync(ScanId scan, CancellationToken cancellationToken) =>
        await _audit.GetBlobClient(BlobPaths.ErasedScan(scan)).ExistsAsync(cancellationToken);

    /// <param name="order">Id of the erasure; of the first one, where there were more.</param>
    internal async Task MarkAsync(ScanId scan, string order, CancellationToken cancellationToken)
    {
        try
        {
            var options = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
            await _audit.GetBlobClient(BlobPaths.ErasedScan(scan)).UploadAsync(BinaryData.FromString(order), options, cancellationToken);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
        {
            // Marked before.
        }
    }

    /// <summary>The preprocessed image first: it is the source of the rest. The status after that: it holds the upload's name.</summary>
    /// <returns>How many blobs went.</returns>
    internal async Task<int> RemoveMadeAsync(ScanId scan, CancellationToken cancellationToken) =>
        await BlobRemoval.RemoveFolderAsync(_preprocessed, $"{scan}/", cancellationToken)
        + await BlobRemoval.RemoveFolderAsync(storage.GetBlobContainerClient(Containers.Results), $"{scan}/", cancellationToken)
        + await BlobRemoval.RemoveAsync(storage.GetBlobContainerClient(Containers.Status), BlobPaths.Status(scan), cancellationToken)
        + await BlobRemoval.RemoveFolderAsync(storage.GetBlobContainerClient(Containers.Status), BlobPaths.WaitingScanMarkers(scan), cancellationToken);

    /// <summary>Whether the content that gave the scan its id lies under its name.</summary>
    internal async Task<bool> HasUploadAsync(ScanId scan, string blobName, CancellationToken cancellationToken)
    {
        try
        {
            using var download = (await _slices.GetBlobClient(blobName).DownloadStreamingAsync(cancellationToken: cancellationToken)).Value;
            return ScanId.FromETag(blobName, download.Details.ETag.ToString()) == scan
                || await ScanId.FromContentAsync(blobName, download.Content, cancellationToken) == scan;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return false;
        }
    }
}
