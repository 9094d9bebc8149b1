using System.Collections.Concurrent;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>The link on which the answers to requests go out.</summary>
internal sealed class ReplyLink(ListenerLink link) : CreditedLink(link)
{
    private readonly ConcurrentQueue<Message> _replies = new();

    public Session Session => Link.Session;

    public void Post(Message reply)
    {
        _replies.Enqueue(reply);
        Pump();
    }

    protected override bool TrySendNext() => _replies.TryDequeue(out var reply) && TrySend(reply, encoded: null);
}

/// <summary>
/// The reply links of one connection. A client names the one it means by reply-to, which is the link's target
/// address or, for some clients, its name; a client that does neither gets the reply on the session of the request.
/// </summary>
internal sealed class ReplyLinks
{
    private readonly List<(ReplyLink Link, string Node, string Name, string? Target)> _links = [];

    public void Add(ReplyLink reply, ListenerLink link, string node, string? target)
    {
        lock (_links)
            _links.Add((reply, node, link.Name, target));
        link.AddClosedCallback((_, _) => Remove(reply));
    }

    public ReplyLink? Find(string node, string? replyTo, Session session)
    {
        lock (_links)
        {
            var candidates = _links.Where(entry => entry.Node.Equals(node, StringComparison.OrdinalIgnoreCase)).ToList();
            return (candidates.Find(entry => replyTo is not null && entry.Target == replyTo).Link
                ?? candidates.Find(entry => replyTo is not null && entry.Name == replyTo).Link)
                ?? candidates.Find(entry => entry.Link.Session == session).Link;
        }
    }

    private void Remove(ReplyLink reply)
    {
        lock (_links)
            _links.RemoveAll(entry => entry.Link == reply);
    }
}

/// <summary>A node that answers every message with a message.</summary>
internal interface IRequestNode
{
    /// <exception cref="RequestRefusedException">Answered with its status and error.</exception>
    Message Answer(Message request);

    Message AnswerRefusal(int status, Error error);
}

/// <summary>The link on which the requests to a node come in.</summary>
internal sealed class RequestLink(IRequestNode node, string address, ReplyLinks replies) : LinkEndpoint
{
    public const int Credit = 500;

    public override void OnMessage(MessageContext messageContext)
    {
        var request = messageContext.Message;
        var reply = Answer(request);
        reply.Properties = new Properties();
        if (request.Properties?.GetMessageId() is { } id)
            reply.Properties.SetCorrelationId(id);
        var replyTo = replies.Find(address, request.Properties?.ReplyTo, messageContext.Link.Session);
        if (replyTo is null)
        {
            messageContext.Complete(Errors.Of(ErrorCode.NotFound, "No link for the reply is attached: attach a receiver to the same address first."));
            return;
        }
        messageContext.Complete();
        replyTo.Post(reply);
    }

    public override void OnFlow(FlowContext flowContext) { }

    public override void OnDisposition(DispositionContext dispositionContext) { }

    // An exception in an endpoint would close the whole connection.
    private Message Answer(Message request)
    {
        try
        {
            return node.Answer(request);
        }
        catch (RequestRefusedException e)
        {
            return node.AnswerRefusal(e.Status, e.Error);
        }
        catch (AmqpException e)
        {
            return node.AnswerRefusal(400, Errors.Of(Errors.ArgumentError, e.Message));
        }
    }
}
