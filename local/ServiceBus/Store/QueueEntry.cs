namespace CtSeg.Local.ServiceBus.Store;

/// <summary>One message in a queue. At any time it has at most one deadline: its lock's end, its expiry or its schedule.</summary>
internal sealed class QueueEntry(MessageContent content, long sequenceNumber, DateTimeOffset enqueuedTime)
{
    private Dictionary<string, object>? _changedProperties;

    public MessageContent Content { get; } = content;
    public long SequenceNumber { get; } = sequenceNumber;
    public DateTimeOffset EnqueuedTime { get; } = enqueuedTime;
    public DateTimeOffset ExpiresAt { get; init; } = DateTimeOffset.MaxValue;
    public string? DeadLetterSource { get; init; }
    public long EnqueuedSequenceNumber { get; init; } = sequenceNumber;

    public MessageState State { get; set; }
    public bool IsDeferred { get; set; }
    public int DeliveryCount { get; set; }
    public Guid LockToken { get; set; }

    /// <value>When the state ends by itself; <see cref="DateTimeOffset.MaxValue"/> for never.</value>
    public DateTimeOffset Deadline { get; set; } = DateTimeOffset.MaxValue;

    public IReadOnlyDictionary<string, object> ChangedProperties => _changedProperties ?? MessageSnapshot.NoChanges;

    public void Change(IReadOnlyDictionary<string, object>? properties)
    {
        if (properties is null || properties.Count == 0)
            return;
        // Snapshots handed out keep the dictionary they were made with.
        _changedProperties = _changedProperties is null ? [] : new Dictionary<string, object>(_changedProperties);
        foreach (var (name, value) in properties)
            _changedProperties[name] = value;
    }

    public MessageSnapshot Snapshot() => new(Content, SequenceNumber, EnqueuedTime)
    {
        State = IsDeferred ? MessageState.Deferred : State,
        DeliveryCount = DeliveryCount,
        LockToken = LockToken,
        LockedUntil = State == MessageState.Locked ? Deadline : null,
        ScheduledFor = State == MessageState.Scheduled ? Deadline : null,
        DeadLetterSource = DeadLetterSource,
        EnqueuedSequenceNumber = EnqueuedSequenceNumber,
        ChangedProperties = ChangedProperties,
    };
}
