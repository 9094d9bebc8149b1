using System.Security.Cryptography;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.Scans;
using CtSeg.Telemetry;

namespace CtSeg.Intake;

/// <summary>What became of an upload.</summary>
/// <param name="Status">As it stands afterwards.</param>
/// <param name="Rejected">Set when this call refused the upload.</param>
public sealed record IntakeOutcome(ScanStatus Status, FailureReason? Rejected)
{
    /// <value>
    /// True while nobody works on the scan yet. Asking again is harmless: the request's id is made of scan and attempt,
    /// and consumers drop an id they know.
    /// </value>
    public bool IsToBeRequested => Status.State == ScanState.Preprocessed && !IsErased;

    /// <value>The upload was erased while it was taken in, and nothing of it is left.</value>
    public bool IsErased { get; init; }
}

/// <summary>
/// Takes an uploaded slice in: status, preprocessed image, manifest, status again. Every step can be repeated after a
/// crash in any place and leaves what exists.
/// </summary>
public sealed class SliceIntake(StatusStore statuses, ScanBlobs blobs, ImageLimits limits, TimeProvider clock)
{
    private const int FirstAttempt = 1;

    /// <param name="blobName">Path inside <see cref="Containers.Slices"/>.</param>
    /// <param name="content">The uploaded bytes, not kept.</param>
    /// <param name="traceParent">W3C trace context of this work, which the status keeps.</param>
    /// <exception cref="Azure.RequestFailedException">Storage refused; try the whole again.</exception>
    public async Task<IntakeOutcome> AcceptAsync(
        string blobName, ReadOnlyMemory<byte> content, CancellationToken cancellationToken, string? traceParent = null)
    {
        var scan = ScanId.FromContent(blobName, content.Span);
        var received = ScanStatus.Received(scan, blobName, Now) with { TraceParent = traceParent };
        var stored = await statuses.TryCreateAsync(received, cancellationToken)
            ?? await statuses.FindAsync(scan, cancellationToken)
            ?? throw new InvalidOperationException($"The status of scan {scan} was removed while the scan was taken in.");
        if (stored.Status.State != ScanState.Received)
            return new IntakeOutcome(stored.Status, null);
        try
        {
            await PreprocessAsync(scan, blobName, content, cancellationToken);
        }
        catch (SliceRejectedException e)
        {
            return await RejectAsync(stored, e.ToFailure(), cancellationToken);
        }
        if (await IsErasedAsync(stored, cancellationToken))
            return new IntakeOutcome(stored.Status, null) { IsErased = true };
        // The trace of the try that succeeded, which its request is part of too.
        var (requested, _) = await statuses.ChangeAsync(
            stored,
            status => status.State == ScanState.Received
                ? status.Requested(FirstAttempt, Now) with { TraceParent = traceParent ?? status.TraceParent }
                : null,
            cancellationToken);
        return new IntakeOutcome(requested.Status, null);
    }

    /// <summary>Asked after the last write that makes something anew: the status is only replaced after it.</summary>
    private Task<bool> IsErasedAsync(StoredStatus stored, CancellationToken cancellationToken) =>
        blobs.Erased.TakeBackUploadAsync(stored.Status.ScanId, stored.Status.BlobName, cancellationToken);

    private async Task PreprocessAsync(ScanId scan, string blobName, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var (manifest, png) = Preprocess(scan, blobName, content);
        using var store = Stage.Begin(StageNames.StorePreprocessed, clock);
        await blobs.StorePreprocessedAsync(manifest, png, cancellationToken);
        store.Done();
    }

    private (ScanManifest Manifest, BinaryData Png) Preprocess(ScanId scan, string blobName, ReadOnlyMemory<byte> content)
    {
        using var stage = Stage.Begin(StageNames.Preprocess, clock);
        var start = clock.GetTimestamp();
        var slice = SlicePreprocessor.Process(content, limits);
        var png = new BinaryData(SlicePreprocessor.ToPng(slice.Image));
        var manifest = new ScanManifest(
            scan, blobName, Convert.ToHexStringLower(SHA256.HashData(content.Span)), content.Length, slice.Original, slice.Steps)
        {
            PreprocessMs = clock.GetElapsedTime(start).TotalMilliseconds,
        };
        stage.Done();
        return (manifest, png);
    }

    private async Task<IntakeOutcome> RejectAsync(StoredStatus stored, ScanFailure failure, CancellationToken cancellationToken)
    {
        if (await IsErasedAsync(stored, cancellationToken))
            return new IntakeOutcome(stored.Status, null) { IsErased = true };
        var (ended, written) = await statuses.ChangeAsync(
            stored, status => status.State == ScanState.Received ? status.Failed(failure, Now) : null, cancellationToken);
        return new IntakeOutcome(ended.Status, written ? failure.Reason : null);
    }

    private DateTime Now => clock.GetUtcNow().UtcDateTime;
}
