using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.Recovery;

/// <summary>
/// Has uploads taken in again whose event was lost or given up. Nobody can send such an event but storage, on a write: so the upload is written again as
/// it is. Twice does no harm, since the same content under the same name is the same scan.
/// </summary>
/// <param name="maxUploadBytes">Uploads above it fail whatever is in them, and under an id that each writing makes anew: they are left.</param>
/// <param name="dryRun">Decides and changes nothing.</param>
public sealed class UploadReplays(BlobServiceClient storage, ScanReplays scans, long maxUploadBytes, bool dryRun)
{
    private readonly StatusStore _statuses = new(storage.GetBlobContainerClient(Containers.Status));

    /// <param name="container"><see cref="Containers.Slices"/> or <see cref="Containers.Corrections"/>.</param>
    /// <param name="etag">Of the version that the event was about, with or without quotes; null where it is not known.</param>
    public async Task<ReplayOutcome> TakeInAgainAsync(string container, string blobName, string? etag, CancellationToken cancellationToken)
    {
        var blob = storage.GetBlobContainerClient(container).GetBlobClient(blobName);
        try
        {
            var found = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            if (!BlobAnswers.IsVersion(found.ETag, etag))
                return new ReplayOutcome(ReplayDecision.Gone, "The upload was replaced meanwhile; the new one has an event of its own.", null);
            if (found.ContentLength > maxUploadBytes)
                return await OfTooLargeAsync(container, blobName, found, cancellationToken);
            if (container == Containers.Slices && await OfKnownScanAsync(blob, found.ETag, cancellationToken) is { } known)
                return known;
            if (!dryRun)
                await RewriteAsync(blob, found, cancellationToken);
            return new ReplayOutcome(ReplayDecision.Send, null, null);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return new ReplayOutcome(ReplayDecision.Gone, "The upload is not there any more.", null);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
        {
            return new ReplayOutcome(ReplayDecision.Gone, "The upload was replaced meanwhile; the new one has an event of its own.", null);
        }
    }

    /// <summary>The same for a scan that failed before it was preprocessed.</summary>
    public async Task<ReplayOutcome> TakeInAgainAsync(ScanId scan, CancellationToken cancellationToken)
    {
        if (await FindUploadAsync(scan, cancellationToken) is { } found && found.ContentLength > maxUploadBytes)
            return TooLarge(found);
        var outcome = await scans.TakeInAgainAsync(scan, cancellationToken);
        if (outcome is not { Decision: ReplayDecision.Send, Status.BlobName: { } name } || dryRun)
            return outcome;
        var blob = storage.GetBlobContainerClient(Containers.Slices).GetBlobClient(name);
        try
        {
            await RewriteAsync(blob, (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value, cancellationToken);
            return outcome;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e) || BlobAnswers.IsConditionNotMet(e))
        {
            return new ReplayOutcome(ReplayDecision.Refused, "The upload was removed or replaced just now: upload the slice again.", outcome.Status);
        }
    }

    /// <returns>Null where nothing was made of the upload yet.</returns>
    private async Task<ReplayOutcome?> OfKnownScanAsync(BlobClient blob, ETag version, CancellationToken cancellationToken)
    {
        using var download = (await blob.DownloadStreamingAsync(
            new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfMatch = version } }, cancellationToken)).Value;
        var scan = await ScanId.FromContentAsync(blob.Name, download.Content, cancellationToken);
        var outcome = await _statuses.FindAsync(scan, cancellationToken) is null ? null : await scans.TakeInAgainAsync(scan, cancellationToken);
        return outcome?.Decision == ReplayDecision.Send ? null : outcome;
    }

    private async Task<ReplayOutcome> OfTooLargeAsync(string container, string blobName, BlobProperties found, CancellationToken cancellationToken) =>
        container == Containers.Slices && await _statuses.FindAsync(ScanId.FromETag(blobName, found.ETag.ToString()), cancellationToken) is { Status: var status }
            ? new ReplayOutcome(ReplayDecision.AskedAgain, "The upload was taken in meanwhile, and its scan failed: it is too large.", status)
            : TooLarge(found);

    private ReplayOutcome TooLarge(BlobProperties found) => new(
        ReplayDecision.Refused,
        string.Create(
            CultureInfo.InvariantCulture,
            $"The upload has {found.ContentLength} bytes, more than the {maxUploadBytes} that are allowed ({Settings.MaxUploadBytes}): written again it would only fail."),
        null);

    /// <returns>Null where status or upload is not there or cannot be read, which others tell.</returns>
    private async Task<BlobProperties?> FindUploadAsync(ScanId scan, CancellationToken cancellationToken)
    {
        try
        {
            return await _statuses.FindAsync(scan, cancellationToken) is { Status.BlobName: var name }
                ? (await storage.GetBlobContainerClient(Containers.Slices).GetBlobClient(name).GetPropertiesAsync(cancellationToken: cancellationToken)).Value : null;
        }
        catch (Exception e) when (e is JsonException || (e is RequestFailedException fault && BlobAnswers.IsNotThere(fault)))
        {
            return null;
        }
    }

    /// <summary>All stays but index tags, which the roles of operators do not reach.</summary>
    /// <param name="found">Just read.</param>
    private static async Task RewriteAsync(BlobClient blob, BlobProperties found, CancellationToken cancellationToken)
    {
        var unchanged = new BlobRequestConditions { IfMatch = found.ETag };
        using var download = (await blob.DownloadStreamingAsync(new BlobDownloadOptions { Conditions = unchanged }, cancellationToken)).Value;
        var options = new BlobUploadOptions
        {
            Conditions = unchanged,
            HttpHeaders = new BlobHttpHeaders
            {
                ContentType = found.ContentType,
                ContentEncoding = found.ContentEncoding,
                ContentDisposition = found.ContentDisposition,
                ContentLanguage = found.ContentLanguage,
                CacheControl = found.CacheControl,
            },
            Metadata = found.Metadata,
            AccessTier = found.AccessTierInferred || string.IsNullOrEmpty(found.AccessTier) ? null : new AccessTier(found.AccessTier),
        };
        await blob.UploadAsync(download.Content, options, cancellationToken);
    }
}
