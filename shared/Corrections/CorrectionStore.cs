using System.Security.Cryptography;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Scans;

namespace CtSeg.Corrections;

/// <summary>An outcome as read, with the ETag that a replacement must match.</summary>
/// <param name="Outcome">Null where the document cannot be read; it is replaced by the next one.</param>
public sealed record StoredOutcome(CorrectionOutcome? Outcome, ETag ETag);

/// <summary>An uploaded mask.</summary>
/// <param name="Content">Null where it is above the cap.</param>
internal sealed record UploadedMask(BinaryData? Content, long Bytes, string Sha256, ETag ETag, IDictionary<string, string> Metadata);

/// <summary>Uploads in <see cref="Containers.Corrections"/> and what became of them.</summary>
public sealed class CorrectionStore(BlobServiceClient storage)
{
    private readonly BlobContainerClient _uploads = storage.GetBlobContainerClient(Containers.Corrections);
    private readonly BlobContainerClient _data = storage.GetBlobContainerClient(Containers.TrainingData);

    /// <returns>Null where no mask was ever uploaded for the scan.</returns>
    public async Task<StoredOutcome?> FindOutcomeAsync(ScanId scan, CancellationToken cancellationToken) =>
        await ConditionalBlob.FindAsync(OutcomeOf(scan), cancellationToken) is { } found ? new StoredOutcome(TryParse(found.Content), found.ETag) : null;

    /// <param name="read">What it replaces; null where there was none.</param>
    /// <returns>False when another was first.</returns>
    internal async Task<bool> TryWriteAsync(CorrectionOutcome outcome, StoredOutcome? read, CancellationToken cancellationToken)
    {
        var content = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(outcome, ContractsJson.Default.CorrectionOutcome));
        return await ConditionalBlob.TryWriteAsync(OutcomeOf(outcome.ScanId), content, read?.ETag, cancellationToken) is not null;
    }

    /// <returns>Null where there is none, or it is being replaced at this moment.</returns>
    internal async Task<UploadedMask?> FindUploadAsync(ScanId scan, long maxBytes, CancellationToken cancellationToken)
    {
        var blob = _uploads.GetBlobClient(BlobPaths.Correction(scan));
        try
        {
            var found = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            var options = new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfMatch = found.ETag } };
            if (found.ContentLength <= maxBytes)
            {
                var content = (await blob.DownloadContentAsync(options, cancellationToken)).Value.Content;
                return new UploadedMask(content, found.ContentLength, ContentHash.Of(content.ToMemory().Span), found.ETag, found.Metadata);
            }
            using var download = (await blob.DownloadStreamingAsync(options, cancellationToken)).Value;
            var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(download.Content, cancellationToken));
            return new UploadedMask(null, found.ContentLength, hash, found.ETag, found.Metadata);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e) || BlobAnswers.IsConditionNotMet(e))
        {
            return null;
        }
    }

    /// <returns>Null where there is none.</returns>
    internal async Task<ETag?> FindTagAsync(ScanId scan, CancellationToken cancellationToken)
    {
        try
        {
            return (await _uploads.GetBlobClient(BlobPaths.Correction(scan)).GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ETag;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return null;
        }
    }

    private BlobClient OutcomeOf(ScanId scan) => _data.GetBlobClient(BlobPaths.CorrectionOutcome(scan));

    private static CorrectionOutcome? TryParse(BinaryData content)
    {
        try
        {
            return JsonSerializer.Deserialize(content.ToMemory().Span, ContractsJson.Default.CorrectionOutcome);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
