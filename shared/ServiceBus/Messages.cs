namespace CtSeg.ServiceBus;

/// <summary>A message to send. The body of every message of this system is one CloudEvent as UTF-8 JSON.</summary>
public sealed record OutgoingMessage(ReadOnlyMemory<byte> Body)
{
    /// <value>Identity for duplicate detection; null when the message has none.</value>
    public string? MessageId { get; init; }
    public string? Subject { get; init; }
    public string? CorrelationId { get; init; }
    public string ContentType { get; init; } = "application/cloudevents+json";
    public IReadOnlyDictionary<string, object> ApplicationProperties { get; init; } = new Dictionary<string, object>();
}

/// <summary>A message received under peek-lock: it is ours until <see cref="LockedUntil"/>, then it is delivered again.</summary>
public sealed record ReceivedMessage(ReadOnlyMemory<byte> Body, Guid LockToken)
{
    public string? MessageId { get; init; }
    public string? Subject { get; init; }
    public string? CorrelationId { get; init; }
    public string? ContentType { get; init; }
    /// <value>1 at the first delivery.</value>
    public int DeliveryCount { get; init; }
    public long SequenceNumber { get; init; }
    public DateTimeOffset EnqueuedTime { get; init; }
    public DateTimeOffset LockedUntil { get; init; }
    public string? DeadLetterReason { get; init; }
    public string? DeadLetterErrorDescription { get; init; }
    public IReadOnlyDictionary<string, object> ApplicationProperties { get; init; } = new Dictionary<string, object>();
}
