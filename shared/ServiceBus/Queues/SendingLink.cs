using Amqp;
using Amqp.Framing;
using CtSeg.ServiceBus.Connections;

namespace CtSeg.ServiceBus.Queues;

/// <summary>A link to a queue while it lasts.</summary>
internal sealed class SendingLink : IReopenable
{
    private const int DefaultMaxMessageSize = 256 * 1024;

    private readonly Session _session;
    private readonly SenderLink _link;

    private SendingLink(Session session, SenderLink link, ulong maxMessageSize)
    {
        _session = session;
        _link = link;
        MaxMessageSize = maxMessageSize is 0 or > int.MaxValue ? DefaultMaxMessageSize : (int)maxMessageSize;
    }

    public bool IsClosed => _link.IsClosed;

    /// <value>In bytes, of a message and of a batch.</value>
    public int MaxMessageSize { get; }

    public static async Task<SendingLink> OpenAsync(LiveConnection connection, string queue, CancellationToken cancellationToken)
    {
        var session = await connection.OpenSessionAsync(queue, cancellationToken);
        try
        {
            var (link, maxMessageSize) = await Links.AttachSenderAsync(session, queue, cancellationToken);
            return new SendingLink(session, link, maxMessageSize);
        }
        catch
        {
            Links.CloseQuietly(session);
            throw;
        }
    }

    /// <exception cref="AmqpException">The service refused the message, or the link was closed before it answered.</exception>
    public async Task SendAsync(Message message, CancellationToken cancellationToken)
    {
        var accepted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _link.Send(message, OnOutcome, accepted);
        try
        {
            await accepted.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The link may be dead without our knowing, and the message still waits on it for credit.
            Links.CloseQuietly(_session);
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        Links.CloseQuietly(_session);
        return ValueTask.CompletedTask;
    }

    private static void OnOutcome(ILink link, Message message, Outcome outcome, object state)
    {
        var accepted = (TaskCompletionSource)state;
        if (outcome is Accepted)
            accepted.TrySetResult();
        else
            accepted.TrySetException(Faults.Closed((outcome as Rejected)?.Error));
    }
}
