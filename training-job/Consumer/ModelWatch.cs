using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Looks for another model and for a challenger again and again, beside the slices.</summary>
internal sealed class ModelWatch(ServingModel serving, ShadowChallenger shadow, TimeSpan interval, TimeProvider time, ILogger<ModelWatch> logger)
{
    /// <summary>Ends only when told to.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var waitsForLoading = true;
        while (!stopping.IsCancellationRequested)
        {
            await TryAsync(() => serving.LookAsync(stopping), stopping);
            await TryAsync(() => shadow.LookAsync(serving.Thread.Serving.Model.Version, stopping), stopping);
            waitsForLoading = await PauseAsync(waitsForLoading, stopping);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Host boundary: whatever a look brings about, the model that serves goes on, and the next look comes.")]
    private async Task TryAsync(Func<Task> look, CancellationToken stopping)
    {
        try
        {
            await look();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The loop ends.
        }
        catch (Exception e)
        {
            logger.WatchFailed(StorageFaults.Describe(e));
        }
    }

    /// <summary>Until the next look is due or, where that is awaited too, until something was loaded.</summary>
    /// <returns>Whether the whole pause went by: a load that fails at once must not be followed by the next one at once.</returns>
    private async Task<bool> PauseAsync(bool waitsForLoading, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var pause = Task.Delay(interval, time, over.Token);
        List<Task> awaited = [pause];
        if (waitsForLoading && serving.Loading is { } next)
            awaited.Add(next);
        if (waitsForLoading && shadow.Loading is { } challenger)
            awaited.Add(challenger);
        var first = await Task.WhenAny(awaited);
        await over.CancelAsync();
        return first == pause;
    }
}
