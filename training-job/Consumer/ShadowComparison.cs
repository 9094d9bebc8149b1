using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Scans;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Has a challenger segment a slice that is done, and stores how both disagree.</summary>
internal sealed class ShadowComparison(ShadowResultStore results, StatusStore statuses, TimeProvider time, ILogger<ShadowComparison> logger)
{
    /// <summary>Never throws: a slice of which the challenger's word is lost is logged.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Boundary between live slices and a challenger: nothing that it brings about may reach the job.")]
    public async Task RunAsync(ActiveShadow active, SegmentedSlice slice)
    {
        try
        {
            if (await CompareAsync(active, slice) is { } result)
                await StoreAsync(result, active.Ended);
        }
        catch (OperationCanceledException) when (active.Ended.IsCancellationRequested)
        {
            // The shadow ended first.
        }
        catch (Exception e)
        {
            logger.ShadowLost(slice.Scan.ToString(), StorageFaults.Describe(e));
        }
    }

    /// <returns>Null where the shadow ended before.</returns>
    private async Task<ShadowResult?> CompareAsync(ActiveShadow active, SegmentedSlice slice)
    {
        var challenger = new ModelReference(active.Shadow.Model.Version, active.Shadow.Model.WeightsSha256);
        var result = new ShadowResult(slice.Scan, active.Shadow.RunId, slice.Model, challenger, [], time.GetUtcNow().UtcDateTime);
        if (active.Thread is not { } thread)
            return result with { Failure = "The challenger was refused when it was loaded." };
        var ended = await thread.TryOnceAsync(slice.Image, slice.Mask.Width, slice.Mask.Height, active.Ended);
        if (ended.IsFaulted)
            return result with { Failure = $"The challenger failed ({ended.Exception.InnerException!.GetType().Name})." };
        if (await ended is not { } computed)
            return null;
        if (computed.Mask.Width != slice.Mask.Width || computed.Mask.Height != slice.Mask.Height)
            return result with { Failure = "The challenger gave a mask of another size." };
        var (classes, overall) = ShadowSummaries.Compare(slice.Mask, computed.Mask);
        return result with { Classes = classes, Overall = overall, InferenceMs = computed.Duration.TotalMilliseconds };
    }

    private async Task StoreAsync(ShadowResult result, CancellationToken cancellationToken)
    {
        await results.TryStoreAsync(result, cancellationToken);
        // An erasure of the scan that came before this write did not find it. Not cut off: it would stay.
        if (!await IsKnownAsync(result.ScanId))
            await results.RemoveAsync(result.RunId, result.ScanId, CancellationToken.None);
    }

    private async Task<bool> IsKnownAsync(ScanId scan)
    {
        try
        {
            return await statuses.FindAsync(scan, CancellationToken.None) is not null;
        }
        catch (JsonException)
        {
            // Damaged, not erased.
            return true;
        }
    }
}
