using Amqp;
using Amqp.Framing;
using Amqp.Types;
using CtSeg.ServiceBus.Connections;

namespace CtSeg.ServiceBus.Queues;

/// <summary>The requests of <c>{queue}/$management</c>: they work whatever became of the link that brought a message.</summary>
internal sealed class QueueManagement(Reopening<LiveConnection> connection, string queue, RetryPolicy retry) : IAsyncDisposable
{
    private readonly Reopening<RequestLink> _link = new(async cancellationToken =>
        await (await connection.GetAsync(cancellationToken)).OpenRequestLinkAsync(queue, queue + "/$management", cancellationToken));

    /// <param name="lockToken">The lock of the message.</param>
    /// <param name="status">completed, abandoned, defered or suspended (dead-lettered): the service's own words.</param>
    /// <param name="reason">With a description, only for suspended.</param>
    /// <param name="cancellationToken">Ends the wait, not the settlement.</param>
    /// <exception cref="MessageLockLostException">The lock ran out, or an earlier try settled it whose answer was lost.</exception>
    public Task SettleAsync(Guid lockToken, string status, (string Reason, string Description)? reason, CancellationToken cancellationToken)
    {
        var arguments = new Map { ["lock-tokens"] = new[] { lockToken }, ["disposition-status"] = status };
        if (reason is { } given)
        {
            arguments["deadletter-reason"] = given.Reason;
            arguments["deadletter-description"] = given.Description;
        }
        return RequestAsync("com.microsoft:update-disposition", arguments, cancellationToken);
    }

    public async Task<DateTimeOffset> RenewLockAsync(Guid lockToken, CancellationToken cancellationToken)
    {
        var answer = await RequestAsync("com.microsoft:renew-lock", new Map { ["lock-tokens"] = new[] { lockToken } }, cancellationToken);
        return answer["expirations"] is DateTime[] { Length: > 0 } ends
            ? new DateTimeOffset(ends[0].ToUniversalTime())
            : throw new ServiceBusException("Service Bus renewed the lock but did not say until when.", isTransient: false);
    }

    public async Task<IReadOnlyList<ReceivedMessage>> ReceiveDeferredAsync(IReadOnlyList<long> sequenceNumbers, CancellationToken cancellationToken)
    {
        const uint peekLock = 1;
        var arguments = new Map { ["sequence-numbers"] = sequenceNumbers.ToArray(), ["receiver-settle-mode"] = peekLock };
        return Messages(await RequestAsync("com.microsoft:receive-by-sequence-number", arguments, cancellationToken));
    }

    public async Task<IReadOnlyList<ReceivedMessage>> PeekAsync(int maxMessages, long fromSequenceNumber, CancellationToken cancellationToken)
    {
        var arguments = new Map { ["from-sequence-number"] = fromSequenceNumber, ["message-count"] = maxMessages };
        return Messages(await RequestAsync("com.microsoft:peek-message", arguments, cancellationToken));
    }

    public ValueTask DisposeAsync() => _link.DisposeAsync();

    private Task<Map> RequestAsync(string operation, Map arguments, CancellationToken cancellationToken) => retry.RunAsync(async token =>
    {
        var link = await _link.GetAsync(token);
        var answer = await link.RequestAsync(new ApplicationProperties { ["operation"] = operation }, arguments, token);
        return answer.Body as Map ?? [];
    }, cancellationToken);

    private static List<ReceivedMessage> Messages(Map answer) => answer["messages"] is IEnumerable<object> entries
        ? entries.OfType<Map>().Select(entry => MessageEncoding.FromEncoded(
            entry["message"] as byte[] ?? throw new AmqpException(ErrorCode.DecodeError, "An entry has no message."),
            entry["lock-token"] is Guid token ? token : Guid.Empty)).ToList()
        : [];
}
