using Amqp;
using Amqp.Framing;

namespace CtSeg.ServiceBus.Connections;

/// <summary>Attaching with an answer (the library does not wait for one) and closing without caring for one.</summary>
internal static class Links
{
    /// <exception cref="AmqpException">The service refused the link.</exception>
    public static async Task<(SenderLink Link, ulong MaxMessageSize)> AttachSenderAsync(Session session, string address, CancellationToken cancellationToken)
    {
        var attached = NewAnswer();
        var name = Name(address);
        var attach = new Attach { Source = new Source { Address = name }, Target = new Target { Address = address } };
        // A refusal is an attach without a target, followed by a detach with the reason.
        var link = new SenderLink(session, name, attach, (_, answer) => Complete(attached, answer, answer.Target));
        var accepted = await AnswerAsync(link, attached, cancellationToken);
        return (link, accepted.MaxMessageSize);
    }

    /// <param name="session">A session of its own.</param>
    /// <param name="address">The node to receive from.</param>
    /// <param name="replyTo">The address of this end, or null.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    /// <exception cref="AmqpException">The service refused the link.</exception>
    public static async Task<ReceiverLink> AttachReceiverAsync(Session session, string address, string? replyTo, CancellationToken cancellationToken)
    {
        var attached = NewAnswer();
        var attach = new Attach
        {
            Source = new Source { Address = address },
            Target = new Target { Address = replyTo },
            SndSettleMode = SenderSettleMode.Unsettled,
            RcvSettleMode = ReceiverSettleMode.Second,
        };
        var link = new ReceiverLink(session, replyTo ?? Name(address), attach, (_, answer) => Complete(attached, answer, answer.Source));
        await AnswerAsync(link, attached, cancellationToken);
        return link;
    }

    public static void CloseQuietly(AmqpObject closing)
    {
        try
        {
            closing.Close(TimeSpan.Zero);
        }
        catch (Exception e) when (Faults.Translate(e) is not null)
        {
            // It was closed by the other side, or with its connection.
        }
    }

    private static TaskCompletionSource<Attach> NewAnswer() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static void Complete(TaskCompletionSource<Attach> attached, Attach answer, object? terminus)
    {
        if (terminus is not null)
            attached.TrySetResult(answer);
    }

    private static Task<Attach> AnswerAsync(Link link, TaskCompletionSource<Attach> attached, CancellationToken cancellationToken)
    {
        link.AddClosedCallback((_, error) => attached.TrySetException(Faults.Closed(error)));
        return attached.Task.WaitAsync(cancellationToken);
    }

    private static string Name(string address) => $"{address}-{Guid.NewGuid():N}";
}
