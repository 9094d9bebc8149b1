using CtSeg.ServiceBus.Connections;

namespace CtSeg.ServiceBus.Queues;

internal sealed class MessageReceiver : IMessageReceiver
{
    private readonly QueueManagement _management;
    private readonly Reopening<ReceivingLink> _link;
    private readonly RetryPolicy _retry;

    public MessageReceiver(Reopening<LiveConnection> connection, string queue, int prefetch, RetryPolicy retry)
    {
        _retry = retry;
        _management = new QueueManagement(connection, queue, retry);
        _link = new Reopening<ReceivingLink>(async cancellationToken =>
            await ReceivingLink.OpenAsync(await connection.GetAsync(cancellationToken), queue, prefetch, retry.Time, cancellationToken));
    }

    public async Task<IReadOnlyList<ReceivedMessage>> ReceiveAsync(int maxMessages, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxMessages, 1);
        var started = _retry.Time.GetTimestamp();
        while (true)
        {
            var link = await _retry.RunAsync(token => _link.GetAsync(token).AsTask(), cancellationToken);
            var left = maxWait - _retry.Time.GetElapsedTime(started);
            var arrived = await link.ReceiveAsync(maxMessages, left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken);
            var messages = arrived
                .Select(message => MessageEncoding.FromAmqp(message, MessageEncoding.LockToken(message)))
                // Prefetched too long ago: the service delivers it again.
                .Where(message => message.LockedUntil == default || message.LockedUntil > _retry.Time.GetUtcNow())
                .ToList();
            if (messages.Count > 0 || _retry.Time.GetElapsedTime(started) >= maxWait)
                return messages;
        }
    }

    public Task CompleteAsync(ReceivedMessage message, CancellationToken cancellationToken) =>
        SettleAsync(message, "completed", reason: null, cancellationToken);

    public Task AbandonAsync(ReceivedMessage message, CancellationToken cancellationToken) =>
        SettleAsync(message, "abandoned", reason: null, cancellationToken);

    public Task DeferAsync(ReceivedMessage message, CancellationToken cancellationToken) =>
        SettleAsync(message, "defered", reason: null, cancellationToken);

    public Task DeadLetterAsync(ReceivedMessage message, string reason, string description, CancellationToken cancellationToken) =>
        SettleAsync(message, "suspended", (reason, description), cancellationToken);

    public Task<DateTimeOffset> RenewLockAsync(ReceivedMessage message, CancellationToken cancellationToken) =>
        _management.RenewLockAsync(message.LockToken, cancellationToken);

    public Task<IReadOnlyList<ReceivedMessage>> ReceiveDeferredAsync(IReadOnlyList<long> sequenceNumbers, CancellationToken cancellationToken) =>
        _management.ReceiveDeferredAsync(sequenceNumbers, cancellationToken);

    public Task<IReadOnlyList<ReceivedMessage>> PeekAsync(int maxMessages, long fromSequenceNumber, CancellationToken cancellationToken) =>
        _management.PeekAsync(maxMessages, fromSequenceNumber, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _link.DisposeAsync();
        await _management.DisposeAsync();
    }

    private async Task SettleAsync(ReceivedMessage message, string status, (string, string)? reason, CancellationToken cancellationToken)
    {
        try
        {
            await _management.SettleAsync(message.LockToken, status, reason, cancellationToken);
        }
        catch (MessageLockLostException)
        {
            _link.Current?.Forget(message.LockToken);
            throw;
        }
        _link.Current?.Forget(message.LockToken);
    }
}
