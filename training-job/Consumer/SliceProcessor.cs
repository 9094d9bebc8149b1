using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Scans;
using CtSeg.Telemetry;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>
/// From a request to its durable, told result. Every step may be the last of this process and may be repeated by the
/// next: what exists is found by its deterministic name and not written again.
/// </summary>
/// <remarks>
/// Storage requests for a slice that nothing went wrong with: status read and written, manifest and image read, mask,
/// overlay, metrics and status written, erasure looked for, nine in all. Metrics are looked for only when the status tells of an earlier
/// begin, since none are written without one.
/// </remarks>
internal sealed class SliceProcessor(
    StatusStore statuses, ScanBlobs blobs, ModelThread model, ISlicePictures pictures, ScanEventPublisher events, TimeProvider time)
{
    private const string FailureAction = "Export the slice again and upload the new file; if that fails too, report the scan id.";

    /// <param name="isRepeated">Someone, maybe this process, began on this very message before.</param>
    /// <param name="untilComputed">Gives the slice back while its mask is not begun.</param>
    /// <param name="cancellationToken">Ends the work at any point.</param>
    /// <exception cref="UnusableSliceException">Nobody can segment this slice: call <see cref="FailAsync"/>.</exception>
    public async Task<SliceResult> ProcessAsync(
        CloudEvent<SegmentationRequested> request,
        bool isRepeated,
        string? traceParent,
        CancellationToken untilComputed,
        CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var scan = request.Data.ScanId;
        var found = await statuses.FindAsync(scan, untilComputed);
        switch (found?.Status)
        {
            case { State: ScanState.Failed } failed:
                // The work before may have ended between the status and the event.
                if (isRepeated)
                    await TellFailureAsync(request, failed, traceParent, untilComputed);
                return SliceResult.AlreadyFailed;
            case { State: ScanState.Completed }:
            case { } begun when begun.Timeline.Any(entry => entry.State == ScanState.Segmenting):
                if (await blobs.FindMetricsAsync(scan, untilComputed) is { } metrics)
                    return await MakeSureAsync(metrics, found, traceParent, untilComputed);
                break;
            default:
                break;
        }
        if (found is { Status.State: ScanState.Completed })
            throw new UnusableSliceException("it is marked as completed and has no result");
        var slice = await FetchAsync(request, found, untilComputed);
        if (slice is null)
            return SliceResult.AlreadyFailed;
        var fetched = time.GetElapsedTime(start);
        var original = slice.Manifest.Original;
        var computed = await model.SegmentAsync(slice.Image, original.Width, original.Height, untilComputed);
        var storing = time.GetTimestamp();
        var end = await StoreAsync(slice, computed, traceParent, cancellationToken);
        return new SliceResult(end, new SliceDurations(fetched, computed.Duration, time.GetElapsedTime(storing)))
        {
            Segmented = end == SliceEnd.Segmented ? new SegmentedSlice(scan, slice.Image, computed.Mask, computed.Model) : null,
        };
    }

    /// <summary>Ends a scan that nobody can segment: status, then event.</summary>
    public async Task FailAsync(
        CloudEvent<SegmentationRequested> request, UnusableSliceException cause, string? traceParent, CancellationToken cancellationToken)
    {
        var scan = request.Data.ScanId;
        var failure = new ScanFailure(FailureReason.InferenceFailed, $"The slice could not be segmented: {cause.Message}.", FailureAction);
        var ended = await statuses.ChangeAsync(scan, status => status.IsTerminal ? null : status.Failed(failure, UtcNow()), cancellationToken);
        if (await blobs.Erased.TakeBackScanAsync(scan, cancellationToken))
            return;
        // An unknown scan has no uploader to tell.
        if (ended is { Stored.Status: var status })
            await TellFailureAsync(request, status, traceParent, cancellationToken);
    }

    /// <summary>Only for scans that ended by <see cref="FailAsync"/>: who ends them otherwise tells it.</summary>
    private Task TellFailureAsync(
        CloudEvent<SegmentationRequested> request, ScanStatus status, string? traceParent, CancellationToken cancellationToken) =>
        status.Failure is { Reason: FailureReason.InferenceFailed } failure
            ? events.FailedAsync(status.ScanId, request.Data.Attempt, status.BlobName, failure, traceParent, cancellationToken)
            : Task.CompletedTask;

    /// <returns>Null when the scan has ended meanwhile.</returns>
    private async Task<FetchedSlice?> FetchAsync(
        CloudEvent<SegmentationRequested> request, StoredStatus? found, CancellationToken cancellationToken)
    {
        using var stage = Stage.Begin(StageNames.Fetch, time);
        var scan = request.Data.ScanId;
        var manifestRead = FindManifestAsync(scan, cancellationToken);
        var imageRead = blobs.FindPreprocessedImageAsync(scan, cancellationToken);
        await Task.WhenAll(manifestRead, imageRead);
        var manifest = await manifestRead ?? throw new UnusableSliceException("its manifest does not exist");
        var png = await imageRead ?? throw new UnusableSliceException("its preprocessed image does not exist");
        var image = pictures.Decode(png);
        if (image.Width != manifest.Preprocessing.Width || image.Height != manifest.Preprocessing.Height)
            throw new UnusableSliceException("its preprocessed image has another size than its manifest says");
        var claimed = await ClaimAsync(request, manifest, found, cancellationToken);
        stage.Done();
        return claimed is null ? null : new FetchedSlice(request, claimed, manifest, image);
    }

    private async Task<ScanManifest?> FindManifestAsync(ScanId scan, CancellationToken cancellationToken)
    {
        try
        {
            return await blobs.FindManifestAsync(scan, cancellationToken);
        }
        catch (JsonException e)
        {
            throw new UnusableSliceException("its manifest cannot be read", e);
        }
    }

    /// <summary>Marks the scan as being segmented, before anything of its result is written.</summary>
    /// <returns>Null when the scan has ended meanwhile.</returns>
    private async Task<StoredStatus?> ClaimAsync(
        CloudEvent<SegmentationRequested> request, ScanManifest manifest, StoredStatus? found, CancellationToken cancellationToken)
    {
        var scan = request.Data.ScanId;
        if (found is null)
        {
            // The preprocessed slice is there, so the scan is real: only its status was lost.
            var now = UtcNow();
            var status = ScanStatus.Received(scan, manifest.BlobName, now).Requested(request.Data.Attempt, now) with { TraceParent = request.TraceParent };
            found = await statuses.TryCreateAsync(status, cancellationToken) ?? await statuses.FindAsync(scan, cancellationToken);
            if (found is null)
                throw new InvalidOperationException($"The status of scan {scan} was removed while it was being changed.");
        }
        var (stored, written) = await statuses.ChangeAsync(
            found,
            status => status.IsTerminal || status.State == ScanState.Segmenting ? null : status.Segmenting(UtcNow()),
            cancellationToken);
        return written || !stored.Status.IsTerminal ? stored : null;
    }

    private async Task<SliceEnd> StoreAsync(FetchedSlice slice, TimedMask computed, string? traceParent, CancellationToken cancellationToken)
    {
        var (metrics, made) = await StoreResultAsync(slice, computed, cancellationToken);
        // The last write that makes something anew: the status below is only replaced.
        if (await blobs.Erased.TakeBackScanAsync(metrics.ScanId, cancellationToken))
            return SliceEnd.Erased;
        if (made)
            Meters.Segmented(metrics);
        var end = await MakeSureAsync(metrics, slice.Claimed, traceParent, cancellationToken);
        return made ? SliceEnd.Segmented : end.End;
    }

    /// <returns>The result as it stands, and whether this work made it.</returns>
    private async Task<(ScanMetrics Metrics, bool Made)> StoreResultAsync(FetchedSlice slice, TimedMask computed, CancellationToken cancellationToken)
    {
        using var stage = Stage.Begin(StageNames.Store, time);
        var mask = computed.Mask;
        var manifest = slice.Manifest;
        if (mask.Width != manifest.Original.Width || mask.Height != manifest.Original.Height)
            throw new UnusableSliceException("the model gave a mask of another size");
        var metrics = new ScanMetrics(
            manifest.ScanId, slice.Request.Id, manifest.BlobName, manifest.InputSha256, mask.Width, mask.Height,
            pictures.Measure(mask, manifest.PixelSpacing), computed.Model, manifest.Preprocessing,
            new StageDurations(manifest.PreprocessMs, computed.Duration.TotalMilliseconds), UtcNow())
        {
            PixelSpacing = manifest.PixelSpacing,
            InputCheck = computed.InputCheck,
        };
        var made = await blobs.TryStoreResultAsync(
            metrics, pictures.EncodeMask(mask), pictures.EncodeOverlay(slice.Image, mask), cancellationToken);
        if (!made)
        {
            // Another worker on the same scan was first, or an answer to our own write was lost: what stands counts.
            metrics = await blobs.FindMetricsAsync(manifest.ScanId, cancellationToken)
                ?? throw new InvalidOperationException($"The metrics of scan {manifest.ScanId} were removed while they were being written.");
        }
        stage.Done();
        return (metrics, made);
    }

    /// <summary>Of a whole result: the status says so, and the event is out.</summary>
    private async Task<SliceResult> MakeSureAsync(
        ScanMetrics metrics, StoredStatus known, string? traceParent, CancellationToken cancellationToken)
    {
        var summary = ScanResultSummary.Of(metrics);
        var (stored, _) = await statuses.ChangeAsync(
            known, status => status.IsTerminal ? null : status.Completed(summary, UtcNow()), cancellationToken);
        // Given up elsewhere in the meantime: that end was told, and there is only one.
        if (stored.Status.State == ScanState.Failed)
            return SliceResult.AlreadyFailed;
        await events.CompletedAsync(metrics, traceParent, cancellationToken);
        return SliceResult.AlreadyDone;
    }

    private DateTime UtcNow() => time.GetUtcNow().UtcDateTime;
}
