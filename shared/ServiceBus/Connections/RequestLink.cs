using System.Collections.Concurrent;
using System.Globalization;
using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace CtSeg.ServiceBus.Connections;

/// <summary>A pair of links to a node that answers requests: <c>$cbs</c> or <c>{queue}/$management</c>. Many requests may be under way.</summary>
internal sealed class RequestLink : IReopenable
{
    private const int ReplyCredit = 100;

    private readonly ConcurrentDictionary<string, TaskCompletionSource<Message>> _pending = new();
    private readonly Session _session;
    private readonly SenderLink _sender;
    private readonly ReceiverLink _receiver;
    private readonly string _replyTo;
    private long _lastId;

    private RequestLink(Session session, SenderLink sender, ReceiverLink receiver, string replyTo)
    {
        _session = session;
        _sender = sender;
        _receiver = receiver;
        _replyTo = replyTo;
        _receiver.Start(ReplyCredit, OnReply);
        _sender.AddClosedCallback((_, error) => FailAll(error));
        _receiver.AddClosedCallback((_, error) => FailAll(error));
    }

    public bool IsClosed => _sender.IsClosed || _receiver.IsClosed;

    public static async Task<RequestLink> OpenAsync(Connection connection, string address, CancellationToken cancellationToken)
    {
        var replyTo = $"{address}-reply-{Guid.NewGuid():N}";
        var session = new Session(connection);
        try
        {
            var receiver = Links.AttachReceiverAsync(session, address, replyTo, cancellationToken);
            var (sender, _) = await Links.AttachSenderAsync(session, address, cancellationToken);
            return new RequestLink(session, sender, await receiver, replyTo);
        }
        catch
        {
            Links.CloseQuietly(session);
            throw;
        }
    }

    /// <exception cref="AmqpException">The answer was a refusal, or the link was closed before it came.</exception>
    public async Task<Message> RequestAsync(ApplicationProperties properties, object body, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _lastId).ToString(CultureInfo.InvariantCulture);
        var request = new Message
        {
            Properties = new Properties { MessageId = id, ReplyTo = _replyTo },
            ApplicationProperties = properties,
            BodySection = new AmqpValue { Value = body },
        };
        var answer = new TaskCompletionSource<Message>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[id] = answer;
        try
        {
            if (IsClosed)
                throw Faults.Closed(_sender.Error ?? _receiver.Error);
            _sender.Send(request, OnOutcome, answer);
            var reply = await answer.Task.WaitAsync(cancellationToken);
            ThrowIfRefused(reply);
            return reply;
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    public ValueTask DisposeAsync()
    {
        Links.CloseQuietly(_session);
        return ValueTask.CompletedTask;
    }

    private static void OnOutcome(ILink link, Message request, Outcome outcome, object state)
    {
        if (outcome is not Accepted)
            ((TaskCompletionSource<Message>)state).TrySetException(Faults.Closed((outcome as Rejected)?.Error));
    }

    private void OnReply(IReceiverLink link, Message reply)
    {
        if (reply.Properties?.GetCorrelationId() is string id && _pending.TryGetValue(id, out var answer))
            answer.TrySetResult(reply);
        // Gives the credit back.
        _receiver.Accept(reply);
    }

    private void FailAll(Error? error)
    {
        foreach (var answer in _pending.Values)
            answer.TrySetException(Faults.Closed(error));
    }

    private static void ThrowIfRefused(Message reply)
    {
        var properties = reply.ApplicationProperties?.Map ?? [];
        var status = properties["statusCode"] ?? properties["status-code"];
        if (status is int and >= 200 and < 300)
            return;
        var condition = (properties["errorCondition"] ?? properties["error-condition"])?.ToString() ?? status switch
        {
            400 => "com.microsoft:argument-error",
            401 => ErrorCode.UnauthorizedAccess,
            404 => ErrorCode.NotFound,
            410 => Faults.LockLost,
            _ => ErrorCode.InternalError,
        };
        var description = (properties["statusDescription"] ?? properties["status-description"])?.ToString();
        throw new AmqpException(new Error(new Symbol(condition)) { Description = description ?? $"status {status}" });
    }
}
