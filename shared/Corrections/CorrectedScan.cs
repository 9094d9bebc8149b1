using Azure;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Scans;

namespace CtSeg.Corrections;

/// <summary>A scan whose mask can be corrected.</summary>
/// <param name="Image">The upload as it came.</param>
internal sealed record CorrectedScan(ScanMetrics Metrics, BinaryData Image, string Group);

/// <summary>Finds what a corrected mask belongs to.</summary>
/// <param name="maxUploadBytes">Uploads above it were never segmented.</param>
internal sealed class CorrectedScans(ScanBlobs blobs, StatusStore statuses, long maxUploadBytes)
{
    /// <exception cref="CorrectionRefusedException">There is no such scan, it has no result, or its upload is gone.</exception>
    /// <exception cref="System.Text.Json.JsonException">A document of it cannot be read.</exception>
    public async Task<CorrectedScan> FindAsync(ScanId scan, CancellationToken cancellationToken)
    {
        var manifest = await blobs.FindManifestAsync(scan, cancellationToken);
        var metrics = manifest is null ? null : await blobs.FindMetricsAsync(scan, cancellationToken);
        if (manifest is null || metrics is null)
            throw new CorrectionRefusedException(await WhyWithoutResultAsync(scan, cancellationToken));
        var (image, group) = await FindUploadAsync(scan, manifest.BlobName, cancellationToken)
            ?? throw new CorrectionRefusedException(CorrectionRefusals.UploadGone);
        return new CorrectedScan(metrics, image, group);
    }

    private async Task<CorrectionRefusal> WhyWithoutResultAsync(ScanId scan, CancellationToken cancellationToken) =>
        (await statuses.FindAsync(scan, cancellationToken))?.Status.State switch
        {
            null => CorrectionRefusals.UnknownScan,
            ScanState.Failed => CorrectionRefusals.ScanFailed,
            _ => CorrectionRefusals.NotCompleted,
        };

    /// <returns>Null where it is gone, or other content lies under its name.</returns>
    private async Task<(BinaryData Image, string Group)?> FindUploadAsync(ScanId scan, string blobName, CancellationToken cancellationToken)
    {
        var blob = blobs.Upload(blobName);
        try
        {
            var found = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            if (found.ContentLength > maxUploadBytes)
                return null;
            var options = new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfMatch = found.ETag } };
            var image = (await blob.DownloadContentAsync(options, cancellationToken)).Value.Content;
            return ScanId.FromContent(blobName, image.ToMemory().Span) == scan ? (image, UploadGroup.Of(blobName, found.Metadata, scan)) : null;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e) || BlobAnswers.IsConditionNotMet(e))
        {
            return null;
        }
    }
}
