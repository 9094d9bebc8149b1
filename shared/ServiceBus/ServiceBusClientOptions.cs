namespace CtSeg.ServiceBus;

public sealed record ServiceBusClientOptions
{
    /// <value>How long one try may take, attaching links and reconnecting included.</value>
    public TimeSpan OperationTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <value>Tries of one operation before its fault is thrown; faults that will not go away are thrown at once.</value>
    public int MaxAttempts { get; init; } = 8;

    /// <value>The wait after the first failed try; doubles with every further one.</value>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <value>How long the shared access tokens live that this client makes.</value>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromHours(1);

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <value>Seed of the random part of the waits; null takes one that differs between processes, so that they do not retry in step.</value>
    public int? JitterSeed { get; init; }
}
