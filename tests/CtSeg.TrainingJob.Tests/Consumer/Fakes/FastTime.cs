namespace CtSeg.TrainingJob.Tests.Consumer.Fakes;

/// <summary>Time that runs a thousand times faster: a pause of a minute is over in 60 ms.</summary>
internal sealed class FastTime : TimeProvider
{
    public static readonly DateTimeOffset StartUtc = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private const int Factor = 1000;
    private readonly long _start = System.GetTimestamp();

    public override long TimestampFrequency => System.TimestampFrequency;
    public override long GetTimestamp() => (System.GetTimestamp() - _start) * Factor;
    public override DateTimeOffset GetUtcNow() => StartUtc + System.GetElapsedTime(_start) * Factor;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / Factor : dueTime, period > TimeSpan.Zero ? period / Factor : period);
}
