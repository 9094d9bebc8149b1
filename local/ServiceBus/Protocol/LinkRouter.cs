using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using CtSeg.Local.ServiceBus.Store;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>Gives every link that a client attaches its endpoint, by address and direction, if the client may use it.</summary>
internal sealed partial class LinkRouter(MessageStore store, TokenChecks tokens, ILogger logger) : ILinkProcessor
{
    public void Process(AttachContext attachContext)
    {
        var link = attachContext.Link;
        var attach = attachContext.Attach;
        // Echoed otherwise, and what some clients put in there cannot be encoded again.
        attach.Properties = null;
        var path = EntityPath.Of((link.Role ? (attach.Target as Target)?.Address : (attach.Source as Source)?.Address) ?? "");
        var error = path.Equals(EntityPath.Cbs, StringComparison.OrdinalIgnoreCase)
            ? AttachRequestNode(attachContext, path, new CbsNode(store, tokens, ClientConnection.Of(link).Claims, logger))
            : AttachEntity(attachContext, path);
        if (error is null)
            return;
        LogRefused(logger, path, error.Description);
        attachContext.Complete(error);
    }

    private Error? AttachEntity(AttachContext context, string path)
    {
        var isManagement = EntityPath.IsManagement(path, out var entity);
        if (!store.TryGetQueue(entity, out var queue))
            return Errors.EntityNotFound(entity);
        if (!ClientConnection.Of(context.Link).Claims.TryUse(path, context.Link))
            return Errors.Of(ErrorCode.UnauthorizedAccess, $"No valid token for '{path}' was put on this connection: put one on the $cbs link first.");
        if (isManagement)
            return AttachRequestNode(context, path, new ManagementNode(queue));
        return context.Link.Role ? AttachSink(context, queue) : AttachSource(context, queue);
    }

    private static Error? AttachSink(AttachContext context, MessageQueue queue)
    {
        if (queue.Name.EndsWith(MessageStore.DeadLetterSuffix, StringComparison.OrdinalIgnoreCase))
            return Errors.Of(ErrorCode.NotAllowed, "Messages cannot be sent to a dead-letter queue: send them to its queue.");
        context.Attach.MaxMessageSize = QueueSink.MaxMessageSize;
        context.Complete(new QueueSink(queue), QueueSink.Credit);
        return null;
    }

    private static Error? AttachSource(AttachContext context, MessageQueue queue)
    {
        var mode = context.Attach.SndSettleMode == SenderSettleMode.Settled ? ReceiveMode.ReceiveAndDelete : ReceiveMode.PeekLock;
        context.Complete(new QueueSource(context.Link, queue, mode), initialCredit: 0);
        return null;
    }

    private static Error? AttachRequestNode(AttachContext context, string path, IRequestNode node)
    {
        var replies = ClientConnection.Of(context.Link).Replies;
        if (context.Link.Role)
        {
            context.Complete(new RequestLink(node, path, replies), RequestLink.Credit);
            return null;
        }
        var reply = new ReplyLink(context.Link);
        replies.Add(reply, context.Link, path, (context.Attach.Target as Target)?.Address);
        // Answers are not acknowledged.
        context.Attach.SndSettleMode = SenderSettleMode.Settled;
        context.Complete(reply, initialCredit: 0);
        return null;
    }

    [LoggerMessage(EventId = 2102, Level = LogLevel.Warning, Message = "Refused a link to '{Address}': {Reason}")]
    private static partial void LogRefused(ILogger logger, string address, string reason);
}
