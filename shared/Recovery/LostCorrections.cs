using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Corrections;
using CtSeg.DataSets;
using CtSeg.Scans;

namespace CtSeg.Recovery;

/// <summary>
/// Corrected masks that were given up for a fault of ours. Their outcome tells the uploader; a letter in the archive tells operators, until a mask of that
/// scan is judged again.
/// </summary>
public sealed class LostCorrections(CorrectionIntake intake, ScanBlobs blobs, BlobContainerClient audit)
{
    private readonly LetterArchive _archive = new(audit);

    /// <param name="letter">What told of the mask, with the reason for which it was given up.</param>
    /// <inheritdoc cref="CorrectionIntake.GiveUpAsync"/>
    public async Task<CorrectionResult> RecordAsync(string blobName, string? etag, DeadLetter letter, CancellationToken cancellationToken)
    {
        var result = await intake.GiveUpAsync(blobName, etag, cancellationToken);
        if (result.Outcome is { Refusal.Reason: CorrectionReason.Poisoned, ScanId: var scan })
        {
            var archived = await _archive.StoreAsync(letter, NameOf(scan), cancellationToken);
            await blobs.Erased.TakeBackAsync(scan, Containers.Audit, archived, cancellationToken);
        }
        return result;
    }

    /// <summary>A mask of the scan was judged: whatever was lost before is of no use any more.</summary>
    public Task ForgetAsync(ScanId scan, CancellationToken cancellationToken) => _archive.RemoveAsync(NameOf(scan), cancellationToken);

    // Not begun with the scan: that is how requests are named, and a letter about a request hides its scan's status.
    private static string NameOf(ScanId scan) => $"correction-{scan}";
}
