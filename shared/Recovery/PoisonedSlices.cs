using Azure;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.Recovery;

/// <param name="ScanId">Null when the blob is gone: without content there is no id.</param>
/// <param name="Failed">The status when this call ended the scan, else null.</param>
public sealed record PoisonOutcome(ScanId? ScanId, ScanStatus? Failed);

/// <summary>Ends scans whose preprocessing the Functions host gave up.</summary>
/// <param name="maxUploadBytes">Uploads above it were never read; their ETag stands for their content.</param>
public sealed class PoisonedSlices(StatusStore statuses, ScanBlobs blobs, long maxUploadBytes, TimeProvider clock)
{
    /// <param name="blobName">Path inside <see cref="Containers.Slices"/>.</param>
    /// <param name="etag">Of the version that was given up, with or without quotes; null when unknown.</param>
    public async Task<PoisonOutcome> RecordAsync(string blobName, string? etag, CancellationToken cancellationToken)
    {
        if (await IdentifyAsync(blobName, etag, cancellationToken) is not var (scan, failure))
            return new PoisonOutcome(null, null);
        return new PoisonOutcome(scan, await FailAsync(scan, blobName, failure, cancellationToken));
    }

    private async Task<(ScanId Scan, ScanFailure Failure)?> IdentifyAsync(string blobName, string? etag, CancellationToken cancellationToken)
    {
        var upload = blobs.Upload(blobName);
        try
        {
            var found = (await upload.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            // Another version lies there by now; it has its own trigger, its own id and its own poison message.
            if (!BlobAnswers.IsVersion(found.ETag, etag))
                return null;
            if (found.ContentLength > maxUploadBytes)
                return (ScanId.FromETag(blobName, found.ETag.ToString()), Failures.TooLarge(found.ContentLength, maxUploadBytes));
            var options = new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfMatch = found.ETag } };
            using var download = (await upload.DownloadStreamingAsync(options, cancellationToken)).Value;
            return (await ScanId.FromContentAsync(blobName, download.Content, cancellationToken), Failures.Poisoned);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e) || BlobAnswers.IsConditionNotMet(e))
        {
            return null;
        }
    }

    /// <summary>
    /// Ends a scan that never got beyond received. One that was preprocessed only lost its request (the host could not
    /// send it), and reconciliation asks for it again.
    /// </summary>
    private async Task<ScanStatus?> FailAsync(ScanId scan, string blobName, ScanFailure failure, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var absent = ScanStatus.Received(scan, blobName, now).Failed(failure, now);
        if (await statuses.TryCreateAsync(absent, cancellationToken) is { } created)
            return await blobs.Erased.TakeBackUploadAsync(scan, blobName, cancellationToken) ? null : created.Status;
        var changed = await statuses.ChangeAsync(
            scan, status => status.State == ScanState.Received ? status.Failed(failure, now) : null, cancellationToken);
        return changed is { Written: true } ? changed.Value.Stored.Status : null;
    }
}
