namespace CtSeg.EndToEnd.Tests.Harness;

/// <summary>Waits for a state to be observed, up to a deadline that is only reached when something is broken.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <param name="look">What is seen, or null while it is not there.</param>
    /// <param name="otherwise">Describes the state at the deadline.</param>
    public static async Task<T> SeeAsync<T>(Func<Task<T?>> look, Func<string> otherwise, TimeSpan? deadline = null)
        where T : class
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        while (true)
        {
            if (await look() is { } seen)
                return seen;
            if (time.GetElapsedTime(started) > (deadline ?? Deadline))
                throw new TimeoutException(otherwise());
            await Task.Delay(Interval, time, TestContext.Current.CancellationToken);
        }
    }

    public static Task HoldsAsync(Func<Task<bool>> condition, Func<string> otherwise, TimeSpan? deadline = null) =>
        SeeAsync(async () => await condition() ? "holds" : null, otherwise, deadline);
}
