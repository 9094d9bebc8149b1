namespace CtSeg.ServiceBus;

/// <summary>One connection to a Service Bus namespace. Reconnects by itself; safe for concurrent use.</summary>
public interface IServiceBusClient : IAsyncDisposable
{
    IMessageSender CreateSender(string queue);

    /// <param name="queue">A queue, or its dead-letter queue (<c>name/$deadletterqueue</c>).</param>
    /// <param name="prefetch">Messages that may wait here unprocessed; their locks run meanwhile.</param>
    IMessageReceiver CreateReceiver(string queue, int prefetch = 0);
}

public interface IMessageSender : IAsyncDisposable
{
    /// <summary>Returns when the service has accepted the message. Retries transient faults.</summary>
    /// <exception cref="ServiceBusException">The service refused, or stayed out of reach.</exception>
    Task SendAsync(OutgoingMessage message, CancellationToken cancellationToken);

    Task SendAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken);
}

public interface IMessageReceiver : IAsyncDisposable
{
    /// <summary>Between 0 and <paramref name="maxMessages"/> messages: returns as soon as at least one is there and no more are at hand, or with none after <paramref name="maxWait"/>.</summary>
    Task<IReadOnlyList<ReceivedMessage>> ReceiveAsync(int maxMessages, TimeSpan maxWait, CancellationToken cancellationToken);

    /// <exception cref="MessageLockLostException">The lock ran out: the message will be or was delivered again.</exception>
    Task CompleteAsync(ReceivedMessage message, CancellationToken cancellationToken);

    Task AbandonAsync(ReceivedMessage message, CancellationToken cancellationToken);

    Task DeferAsync(ReceivedMessage message, CancellationToken cancellationToken);

    Task DeadLetterAsync(ReceivedMessage message, string reason, string description, CancellationToken cancellationToken);

    /// <returns>The new end of the lock.</returns>
    Task<DateTimeOffset> RenewLockAsync(ReceivedMessage message, CancellationToken cancellationToken);

    /// <summary>Receives messages that were deferred, under a new lock.</summary>
    /// <exception cref="ServiceBusException">One of them is not there (any more); then none is received.</exception>
    Task<IReadOnlyList<ReceivedMessage>> ReceiveDeferredAsync(IReadOnlyList<long> sequenceNumbers, CancellationToken cancellationToken);

    /// <summary>Up to <paramref name="maxMessages"/> messages of any state, from a sequence number on, without a lock: their lock token is empty.</summary>
    Task<IReadOnlyList<ReceivedMessage>> PeekAsync(int maxMessages, long fromSequenceNumber, CancellationToken cancellationToken);
}
