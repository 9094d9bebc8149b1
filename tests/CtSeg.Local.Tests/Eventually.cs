namespace CtSeg.Local.Tests;

/// <summary>Waits for an observed state, with a deadline.</summary>
internal static class Eventually
{
    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? deadline = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, deadline);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? deadline = null)
    {
        TimeSpan limit = deadline ?? TimeSpan.FromSeconds(30);
        long start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > limit)
                throw new TimeoutException($"Not within {limit.TotalSeconds:0} s: {what}.");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    /// <summary>The result of a task that must end soon.</summary>
    public static Task<T> SoonAsync<T>(this Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

    public static Task SoonAsync(this Task task) => task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
}
