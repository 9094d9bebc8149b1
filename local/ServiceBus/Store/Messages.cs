namespace CtSeg.Local.ServiceBus.Store;

/// <summary>What a sender gave. The payload is opaque to the store.</summary>
internal sealed record MessageContent(ReadOnlyMemory<byte> Payload)
{
    public string? MessageId { get; init; }
    public TimeSpan? TimeToLive { get; init; }
    public IReadOnlyDictionary<object, object> Annotations { get; init; } = EmptyAnnotations;

    private static readonly Dictionary<object, object> EmptyAnnotations = [];
}

internal enum MessageState
{
    Active,
    Locked,
    Deferred,
    Scheduled,
}

internal enum ReceiveMode
{
    PeekLock,
    ReceiveAndDelete,
}

/// <summary>A message as it stood at one moment: delivered, peeked or received by sequence number.</summary>
internal sealed record MessageSnapshot(MessageContent Content, long SequenceNumber, DateTimeOffset EnqueuedTime)
{
    public MessageState State { get; init; }

    /// <value>Deliveries that ended without success before this one: 0 at the first.</value>
    public int DeliveryCount { get; init; }

    /// <value>Empty unless the message is locked by this delivery.</value>
    public Guid LockToken { get; init; }
    public DateTimeOffset? LockedUntil { get; init; }
    public DateTimeOffset? ScheduledFor { get; init; }
    public string? DeadLetterSource { get; init; }

    /// <value>The number the message had in the queue that dead-lettered it, or its own.</value>
    public long EnqueuedSequenceNumber { get; init; }

    /// <value>Application properties set by settlements, to be laid over those of the payload.</value>
    public IReadOnlyDictionary<string, object> ChangedProperties { get; init; } = NoChanges;

    internal static readonly IReadOnlyDictionary<string, object> NoChanges = new Dictionary<string, object>();
}

/// <summary>Told once when messages may have become available; asks again to be told again. Must not block.</summary>
internal interface IMessageWaiter
{
    void OnMessagesAvailable();
}
