using Azure;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Telemetry;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>
/// The challenger that <c>models/shadow.json</c> names runs beside the model that serves: a share of the slices, when they are done, is segmented by it
/// too. Whatever becomes of it, the results of the slices stay as they are. Looks come from one thread, slices from any.
/// </summary>
internal sealed class ShadowChallenger(
    ShadowStore store, ModelLoader loader, ShadowComparison comparison, ModelAlerts alerts, TimeProvider time, ILogger<ShadowChallenger> logger) : IDisposable
{
    // Images and masks of so many slices may wait in memory; a challenger that is slower than the slices come sees fewer of them.
    private const int MaxWaiting = 8;
    private static readonly string Pointer = $"{Containers.Models}/{BlobPaths.ShadowModel}";

    private ActiveShadow? _active;
    private ETag? _unusable;
    private int _waiting;

    /// <value>Ends when a look is worth it before its time; null where nothing is being loaded.</value>
    public Task? Loading => _active is { IsLoading: true } active ? active.Loading.Task : null;

    /// <summary>One look at the shadow's document: begins, ends, or lets a loaded challenger begin.</summary>
    /// <param name="serving">The version that serves, for alerts.</param>
    public async Task LookAsync(string serving, CancellationToken cancellationToken)
    {
        if (_active is { IsLoading: true, Loading.Task.IsCompleted: true } loaded)
            await FinishLoadingAsync(loaded, serving);
        var stored = await store.ReadAsync(cancellationToken);
        var wanted = stored is null ? null : Usable(stored);
        if (wanted == _active?.Shadow)
            return;
        End();
        if (wanted is not null)
            Volatile.Write(ref _active, new ActiveShadow(wanted, LoadingModel.Begin(wanted.Model, token => loader.LoadAsync(wanted.Model, Pointer, token), cancellationToken)));
    }

    /// <summary>Takes note of a slice that is done. Returns at once.</summary>
    public void Offer(SegmentedSlice slice)
    {
        if (Volatile.Read(ref _active) is not { IsLoading: false } active || !active.Wants(slice))
            return;
        if (Interlocked.Increment(ref _waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            logger.ShadowLost(slice.Scan.ToString(), "The challenger is slower than the slices come.");
            return;
        }
        _ = CompareAsync(active, slice);
    }

    public void Dispose() => End();

    private ShadowModel? Usable(StoredShadow stored)
    {
        if (stored.Shadow is { } shadow && ActiveShadow.IsPlausible(shadow))
            return shadow.Until > time.GetUtcNow().UtcDateTime ? shadow : null;
        if (_unusable != stored.ETag)
            logger.ShadowUnusable();
        _unusable = stored.ETag;
        return null;
    }

    private async Task FinishLoadingAsync(ActiveShadow active, string serving)
    {
        try
        {
            var segmenter = await active.Loading.Task;
            var thread = new ModelThread(time, "shadow") { StageName = StageNames.PredictInShadow };
            thread.Serve(segmenter);
            active.Begin(thread);
            alerts.Accepted(active.Shadow.Model);
            logger.ShadowBegins(active.Shadow.Model.Version, active.Shadow.RunId);
        }
        catch (ModelRefusedException e)
        {
            // Kept as it is: that the challenger cannot say anything is what the run has to know.
            active.Refuse();
            alerts.Refused(active.Shadow.Model, e.Message, serving);
        }
        catch (Exception e) when (StorageFaults.Is(e))
        {
            logger.WatchFailed(StorageFaults.Describe(e));
            // Begun anew by this look.
            Volatile.Write(ref _active, null);
        }
    }

    private async Task CompareAsync(ActiveShadow active, SegmentedSlice slice)
    {
        try
        {
            await comparison.RunAsync(active, slice);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private void End()
    {
        if (Interlocked.Exchange(ref _active, null) is not { } active)
            return;
        active.Dispose();
        logger.ShadowEnds(active.Shadow.RunId);
    }
}
