namespace CtSeg.TrainingJob.Consumer;

/// <summary>How much and how long the consumer takes.</summary>
internal sealed record ConsumerLimits
{
    /// <value>Messages received, and held under lock, at once; 32.</value>
    public int Batch { get; init; } = 32;

    /// <value>Messages that may wait in the client beside those; 0.</value>
    public int Prefetch { get; init; }

    /// <value>Ends after so long without work; 60 s.</value>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(60);

    /// <value>Of one wait for messages; 30 s.</value>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <value>From being told to stop until the process gives up what is not finished; 20 s less the time to exit.</value>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(18);
}
