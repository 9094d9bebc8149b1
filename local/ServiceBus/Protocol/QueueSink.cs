using Amqp;
using Amqp.Listener;
using CtSeg.Local.ServiceBus.Store;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>The link on which a sender puts messages into a queue, one or a batch at a time.</summary>
internal sealed class QueueSink(MessageQueue queue) : LinkEndpoint
{
    public const int Credit = 1000;

    /// <summary>The largest message of the service's standard tier, in bytes.</summary>
    public const ulong MaxMessageSize = 256 * 1024;

    public override void OnMessage(MessageContext messageContext)
    {
        try
        {
            if ((ulong)messageContext.Message.GetEstimatedMessageSize() > MaxMessageSize)
            {
                messageContext.Complete(Errors.Of(ErrorCode.MessageSizeExceeded, $"The message is larger than {MaxMessageSize} bytes."));
                return;
            }
            // All of a batch is decoded before any of it is stored: it is accepted or refused as a whole.
            foreach (var (content, scheduledFor) in WireMessage.Unpack(messageContext.Message).Select(WireMessage.ToContent).ToList())
            {
                if (scheduledFor is { } at)
                    queue.Schedule(content, at);
                else
                    queue.Enqueue(content);
            }
        }
        catch (AmqpException e)
        {
            messageContext.Complete(Errors.Of(ErrorCode.DecodeError, e.Message));
            return;
        }
        messageContext.Complete();
    }

    public override void OnFlow(FlowContext flowContext) { }

    public override void OnDisposition(DispositionContext dispositionContext) { }
}
