namespace CtSeg.Local.ServiceBus.Store;

/// <summary>The properties of one queue, with the defaults of the service.</summary>
internal sealed record QueueSettings(string Name)
{
    /// <value>How long a received message stays hidden from other receivers.</value>
    public TimeSpan LockDuration { get; init; } = TimeSpan.FromMinutes(1);

    /// <value>Deliveries before a message is moved to the dead-letter queue.</value>
    public int MaxDeliveryCount { get; init; } = 10;

    public bool RequiresDuplicateDetection { get; init; }

    public TimeSpan DuplicateDetectionHistoryTimeWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <value>Upper bound of every message's time to live; the largest value means never.</value>
    public TimeSpan DefaultMessageTimeToLive { get; init; } = TimeSpan.MaxValue;

    /// <value>Whether an expired message is kept in the dead-letter queue instead of being dropped.</value>
    public bool DeadLetteringOnMessageExpiration { get; init; }
}
