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
/// <param name="dryRun">Decides and changes nothing.</param>
public sealed class UploadReplays(BlobServiceClient storage, ScanReplays scans, bool dryRun)
{
    private readonly StatusStore _statuses = new(storage.GetBlobContainerClient(Containers.Status));

    /// <param name="container"><see cref="Containers.Slices"/> or <see cref="Containers.Corrections"/>.</param>
    /// <param name="etag">Of the version that the event was about, with or without quotes; null where it is not known.</param>
    public async Task<ReplayOutcome> TakeInAgainAsync(string container, string blobName, string? etag, CancellationToken cancellationToken)
    {
        var blob = storage.GetBlobContainerClient(container).GetBlobClient(blobName);
        try
        {
            var version = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ETag;
            if (etag is not null && Bare(etag) != Bare(version.ToString()))
                return new ReplayOutcome(ReplayDecision.Gone, "The upload was replaced meanwhile; the new one has an event of its own.", null);
            if (container == Containers.Slices && await OfKnownScanAsync(blob, version, cancellationToken) is { } known)
                return known;
            if (!dryRun)
                await RewriteAsync(blob, version, cancellationToken);
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
        var outcome = await scans.TakeInAgainAsync(scan, cancellationToken);
        if (outcome is not { Decision: ReplayDecision.Send, Status.BlobName: { } name } || dryRun)
            return outcome;
        var blob = storage.GetBlobContainerClient(Containers.Slices).GetBlobClient(name);
        try
        {
            await RewriteAsync(blob, (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ETag, cancellationToken);
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

    private static async Task RewriteAsync(BlobClient blob, ETag version, CancellationToken cancellationToken)
    {
        var unchanged = new BlobRequestConditions { IfMatch = version };
        using var download = (await blob.DownloadStreamingAsync(new BlobDownloadOptions { Conditions = unchanged }, cancellationToken)).Value;
        var options = new BlobUploadOptions
        {
            Conditions = unchanged,
            HttpHeaders = new BlobHttpHeaders { ContentType = download.Details.ContentType },
            Metadata = download.Details.Metadata,
        };
        await blob.UploadAsync(download.Content, options, cancellationToken);
    }

    private static string Bare(string etag) => etag.Trim('"');
}
