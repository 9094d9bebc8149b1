using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;
using CtSeg.Local.ServiceBus.Store;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>A message under peek-lock on its way to a receiver; the delivery tag is made from its lock token.</summary>
internal sealed class LockedMessage(Guid lockToken) : Message
{
    public Guid LockToken { get; } = lockToken;
}

/// <summary>The link on which a receiver gets the messages of a queue and settles them.</summary>
internal sealed class QueueSource(ListenerLink link, MessageQueue queue, ReceiveMode mode) : CreditedLink(link), IMessageWaiter
{
    private const string DeadLetterReason = "DeadLetterReason";
    private const string DeadLetterErrorDescription = "DeadLetterErrorDescription";

    public void OnMessagesAvailable() => Pump();

    public override void OnDisposition(DispositionContext dispositionContext)
    {
        // The library reports what is pending on a closed link as released, and on a broken connection as rejected, which
        // would dead-letter it. Locks outlive links: they run on.
        if (dispositionContext.Message is not LockedMessage message || IsClosed || ClientConnection.Of(Link).IsBroken)
            return;
        var (found, answer) = Settle(message.LockToken, dispositionContext.DeliveryState);
        if (!dispositionContext.Settled)
            Link.DisposeMessage(message, found ? answer : new Rejected { Error = Errors.LockLost() }, settled: true);
    }

    public override void OnLinkClosed(ListenerLink link, Error error) => queue.StopWaiting(this);

    protected override bool TrySendNext()
    {
        if (queue.TakeOrWait(mode, this) is not { } taken)
        {
            if (IsClosed)
                queue.StopWaiting(this);
            return false;
        }
        var message = mode == ReceiveMode.PeekLock ? new LockedMessage(taken.LockToken) : new Message();
        if (TrySend(message, WireMessage.Encode(taken)))
            return true;
        queue.Release(taken.LockToken);
        return false;
    }

    /// <returns>Whether the lock was held, and the state to answer with: a new one, since those of some clients cannot be encoded again.</returns>
    private (bool Found, DeliveryState Answer) Settle(Guid lockToken, DeliveryState? state) => state switch
    {
        Accepted => (queue.Complete(lockToken), new Accepted()),
        Released => (queue.Release(lockToken), new Released()),
        Modified { UndeliverableHere: true } modified => (queue.Defer(lockToken, Properties(modified.MessageAnnotations)), new Modified { UndeliverableHere = true }),
        Modified modified => (queue.Abandon(lockToken, Properties(modified.MessageAnnotations)), new Modified { DeliveryFailed = modified.DeliveryFailed }),
        Rejected rejected => (DeadLetter(lockToken, rejected.Error), new Rejected()),
        _ => (true, new Accepted()),
    };

    private bool DeadLetter(Guid lockToken, Error? error)
    {
        var properties = Properties(error?.Info);
        properties.Remove(DeadLetterReason, out var reason);
        properties.Remove(DeadLetterErrorDescription, out var description);
        return queue.DeadLetter(lockToken, reason as string ?? error?.Condition, description as string ?? error?.Description, properties);
    }

    // Pair by pair: the indexer refuses keys that are strings, which some clients send.
    private static Dictionary<string, object> Properties(Fields? fields)
    {
        var properties = new Dictionary<string, object>();
        foreach (var (key, value) in fields ?? [])
            properties[key.ToString()!] = value;
        return properties;
    }
}
