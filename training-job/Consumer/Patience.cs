namespace CtSeg.TrainingJob.Consumer;

/// <summary>How long a fault that is nobody's slice's is waited out.</summary>
internal static class Patience
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestInPlace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestBeforeAbandon = TimeSpan.FromSeconds(60);

    /// <value>An outage this long is waited out under the lock, at the cost of one delivery.</value>
    public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(10);

    /// <param name="failures">1 after the first.</param>
    public static TimeSpan PauseInPlace(int failures) => Doubled(failures, LongestInPlace);

    /// <summary>Abandoned messages are delivered again at once: without a pause all deliveries would be spent in a second.</summary>
    /// <param name="deliveryCount">1 at the first delivery.</param>
    public static TimeSpan PauseBeforeAbandon(int deliveryCount) => Doubled(deliveryCount, LongestBeforeAbandon);

    private static TimeSpan Doubled(int count, TimeSpan longest)
    {
        var pause = First * Math.Pow(2, Math.Clamp(count - 1, 0, 10));
        return pause < longest ? pause : longest;
    }
}
