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
    // As a message of the poison queue is told: operators know one cause, whoever gave the mask up.
    private const string Reason = "poisoned AcceptCorrection";

    private readonly LetterArchive _archive = new(audit);

    /// <param name="letter">What told of the mask. A reason that a service gave goes before the description.</param>
    /// <inheritdoc cref="CorrectionIntake.GiveUpAsync"/>
    public async Task<CorrectionResult> RecordAsync(string blobName, string? etag, DeadLetter letter, CancellationToken cancellationToken)
    {
        var result = await intake.GiveUpAsync(blobName, etag, cancellationToken);
        if (result.Outcome is { Refusal.Reason: CorrectionReason.Poisoned, ScanId: var scan })
        {
            var archived = await _archive.StoreAsync(Explained(letter), NameOf(scan), cancellationToken);
            await blobs.Erased.TakeBackAsync(scan, Containers.Audit, archived, cancellationToken);
        }
        return result;
    }

    /// <summary>A mask of the scan was judged: whatever was lost before is of no use any more.</summary>
    public Task ForgetAsync(ScanId scan, CancellationToken cancellationToken) => _archive.RemoveAsync(NameOf(scan), cancellationToken);

    private static DeadLetter Explained(DeadLetter letter)
    {
        string?[] told = [letter.Reason, letter.Description];
        return letter with { Reason = Reason, Description = string.Join(": ", told.Where(text => !string.IsNullOrEmpty(text))) };
    }

    // Begun with the scan: an erasure finds versions of letters by their names. No request is named like it, whose id ends with an attempt.
    private static string NameOf(ScanId scan) => $"{scan}-correction";
}
