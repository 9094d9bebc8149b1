using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Scans;
using CtSeg.Segmentation;

namespace CtSeg.Corrections;

/// <summary>What became of a corrected mask.</summary>
/// <param name="Scan">Null where the name of the blob is none of a correction; nothing is recorded then.</param>
/// <param name="Outcome">As it is recorded; null where the upload is gone, or was erased meanwhile.</param>
public sealed record CorrectionResult(ScanId? Scan, CorrectionOutcome? Outcome)
{
    /// <value>Whether the training data hold another mask than before.</value>
    public bool Changed { get; init; }
}

/// <summary>
/// Takes an uploaded mask into the training data, or records why not. What the upload is at this moment counts, not what it was when it was told: a
/// call that comes late never replaces a newer mask. Every step can be repeated after a crash in any place.
/// </summary>
/// <param name="maxUploadBytes">Of a mask and of a slice.</param>
public sealed class CorrectionIntake(
    CorrectionStore store, DataSetStore data, StatusStore statuses, ScanBlobs blobs, ImageLimits limits, long maxUploadBytes, TimeProvider clock)
{
    private const int MaxConflicts = 10;
    private const int MaxAuthorLength = 200;
    private const string Extension = ".png";
    private readonly CorrectedScans _scans = new(blobs, statuses, maxUploadBytes);

    /// <param name="blobName">Path inside <see cref="Containers.Corrections"/>.</param>
    /// <exception cref="Azure.RequestFailedException">Storage refused; try the whole again.</exception>
    /// <exception cref="System.Text.Json.JsonException">A document of the scan cannot be read.</exception>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public async Task<CorrectionResult> AcceptAsync(string blobName, CancellationToken cancellationToken)
    {
        if (TryReadName(blobName) is not { } scan)
            return new CorrectionResult(null, null);
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            // In this order: whoever writes between fails this call's write, and it looks again.
            var known = await store.FindOutcomeAsync(scan, cancellationToken);
            if (await store.FindUploadAsync(scan, maxUploadBytes, cancellationToken) is not { } upload)
                return await EndWithoutUploadAsync(scan, cancellationToken);
            var judged = await JudgeAsync(scan, upload, cancellationToken);
            if (judged is null || !await RecordAsync(judged.Outcome, known, cancellationToken))
            {
                // It may have been an erasure that changed or removed the outcome.
                if (judged?.Slice is { } made && await TakeBackAsync(scan, made, cancellationToken))
                    return new CorrectionResult(scan, null);
                continue;
            }
            var isErased = await TakeBackAsync(scan, judged.Slice, cancellationToken);
            return new CorrectionResult(scan, isErased ? null : judged.Outcome) { Changed = !isErased && judged.Slice is { Changed: true } };
        }
        throw new InvalidOperationException($"The correction of scan {scan} changed under {MaxConflicts} attempts to take it in.");
    }

    /// <summary>Records that the host gave a mask up.</summary>
    /// <param name="etag">Of the version that was given up, with or without quotes; null when unknown.</param>
    /// <returns>Without an outcome where the upload is gone or replaced, or its content was judged already; as recorded where it was given up before.</returns>
    public async Task<CorrectionResult> GiveUpAsync(string blobName, string? etag, CancellationToken cancellationToken)
    {
        if (TryReadName(blobName) is not { } scan)
            return new CorrectionResult(null, null);
        var known = await store.FindOutcomeAsync(scan, cancellationToken);
        if (await store.FindUploadAsync(scan, maxUploadBytes, cancellationToken) is not { } upload)
            return await EndWithoutUploadAsync(scan, cancellationToken);
        if (!BlobAnswers.IsVersion(upload.ETag, etag))
            return new CorrectionResult(scan, null);
        // A call before this one may have been killed after its record.
        if (known?.Outcome is { } told && told.Sha256 == upload.Sha256)
            return new CorrectionResult(scan, told.Refusal?.Reason == CorrectionReason.Poisoned ? told : null);
        var outcome = Refused(scan, upload, upload.Content is null ? CorrectionRefusals.TooLarge(upload.Bytes, maxUploadBytes) : CorrectionRefusals.Poisoned);
        // Another judgement that came between is of a newer upload, or of a last try that succeeded.
        var written = await RecordAsync(outcome, known, cancellationToken);
        return new CorrectionResult(scan, written && !await TakeBackAsync(scan, null, cancellationToken) ? outcome : null);
    }

    /// <summary>A call before this one may have been killed after its writes, with an erasure between: nobody else looks for those.</summary>
    private async Task<CorrectionResult> EndWithoutUploadAsync(ScanId scan, CancellationToken cancellationToken)
    {
        await blobs.Erased.TakeBackLeftCorrectionAsync(scan, cancellationToken);
        return new CorrectionResult(scan, null);
    }

    private static ScanId? TryReadName(string blobName) =>
        blobName.EndsWith(Extension, StringComparison.Ordinal) && ScanId.TryParse(blobName[..^Extension.Length], out var scan) ? scan : null;

    /// <returns>Null when the upload was replaced meanwhile.</returns>
    private async Task<Judged?> JudgeAsync(ScanId scan, UploadedMask upload, CancellationToken cancellationToken)
    {
        try
        {
            if (upload.Content is not { } content)
                throw new CorrectionRefusedException(CorrectionRefusals.TooLarge(upload.Bytes, maxUploadBytes));
            if (content.ToMemory().IsEmpty)
                throw new CorrectionRefusedException(CorrectionRefusals.Empty);
            var corrected = await _scans.FindAsync(scan, cancellationToken);
            var mask = CorrectedLabels.Read(content.ToMemory(), corrected.Metrics.Width, corrected.Metrics.Height, limits);
            RequireLesion(mask, upload);
            var slice = await data.AddWhileAsync(Describe(corrected, mask, upload), IsNewestAsync, cancellationToken);
            return slice is null ? null : new Judged(new CorrectionOutcome(scan, CorrectionState.Accepted, upload.Sha256, Now), slice);
        }
        catch (CorrectionRefusedException e)
        {
            return new Judged(Refused(scan, upload, e.Refusal), null);
        }

        async Task<bool> IsNewestAsync(CancellationToken stop) => await store.FindTagAsync(scan, stop) == upload.ETag;
    }

    private static void RequireLesion(LesionMask mask, UploadedMask upload)
    {
        var isConfirmed = CorrectionMetadata.Find(upload.Metadata, CorrectionMetadata.ConfirmNoLesion)?.Equals("true", StringComparison.OrdinalIgnoreCase) == true;
        if (!isConfirmed && !mask.Labels.AsSpan().ContainsAnyExcept((byte)LesionClass.Background))
            throw new CorrectionRefusedException(CorrectionRefusals.NoLesion);
    }

    private NewSlice Describe(CorrectedScan scan, LesionMask mask, UploadedMask upload)
    {
        var (id, blobName) = (scan.Metrics.ScanId, scan.Metrics.BlobName);
        var author = CorrectionMetadata.Find(upload.Metadata, CorrectionMetadata.CorrectedBy);
        var origin = new SliceOrigin(SliceOrigins.Correction, Now)
        {
            BlobName = blobName,
            ModelVersion = scan.Metrics.Model.Version,
            CorrectedBy = author?[..Math.Min(author.Length, MaxAuthorLength)],
        };
        return new NewSlice(id, NewSlice.IsName(blobName) ? blobName : id.ToString(), scan.Group, scan.Image, mask, origin);
    }

    /// <returns>False when another outcome was recorded meanwhile.</returns>
    private async Task<bool> RecordAsync(CorrectionOutcome outcome, StoredOutcome? known, CancellationToken cancellationToken) =>
        known?.Outcome is { } told && told with { Time = outcome.Time } == outcome || await store.TryWriteAsync(outcome, known, cancellationToken);

    private async Task<bool> TakeBackAsync(ScanId scan, StoredSlice? slice, CancellationToken cancellationToken) =>
        await blobs.Erased.TakeBackCorrectionAsync(scan, slice?.Slice, cancellationToken);

    private CorrectionOutcome Refused(ScanId scan, UploadedMask upload, CorrectionRefusal refusal) =>
        new(scan, CorrectionState.Refused, upload.Sha256, Now) { Refusal = refusal };

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    private sealed record Judged(CorrectionOutcome Outcome, StoredSlice? Slice);
}
