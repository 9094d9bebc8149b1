using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.ServiceBus;

namespace CtSeg.TrainingJob.Letters;

/// <summary>The dead-letter queue of one queue.</summary>
internal sealed class QueueLetters(IServiceBusClient bus, string queue) : ILetterSource
{
    private const int Page = 100;
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);

    public string Place { get; } = Queues.DeadLettersOf(queue);

    public async Task<IReadOnlyList<FoundLetter>> FindAsync(CancellationToken cancellationToken)
    {
        await using var receiver = bus.CreateReceiver(Place);
        var found = new List<FoundLetter>();
        for (long next = 0; ;)
        {
            var page = await receiver.PeekAsync(Page, next, cancellationToken);
            if (page.Count == 0)
                return found;
            found.AddRange(page.Select(Describe));
            next = page[^1].SequenceNumber + 1;
        }
    }

    /// <remarks>
    /// Messages cannot be picked, only received in order: those that are not meant are held until the end and then given back, so that none comes twice.
    /// </remarks>
    public async Task<IReadOnlyList<FoundLetter>> TakeAsync(
        IReadOnlyList<FoundLetter> letters, Func<FoundLetter, CancellationToken, Task<ReplayOutcome>> send, CancellationToken cancellationToken)
    {
        await using var receiver = bus.CreateReceiver(Place);
        var wanted = letters.ToDictionary(letter => (long)letter.Handle!);
        var seen = new HashSet<long>();
        var held = new List<ReceivedMessage>();
        try
        {
            while (wanted.Count > 0)
            {
                var batch = await receiver.ReceiveAsync(Page, Wait, cancellationToken);
                var before = seen.Count;
                seen.UnionWith(batch.Select(message => message.SequenceNumber));
                if (seen.Count == before)
                    break;
                var meant = batch.Where(message => wanted.ContainsKey(message.SequenceNumber)).ToList();
                held.AddRange(batch.Except(meant));
                await Parallel.ForEachAsync(meant, Parallelism.Of(cancellationToken), async (message, token) =>
                {
                    if ((await send(wanted[message.SequenceNumber], token)).EndsLetter())
                        await CompleteAsync(receiver, message, token);
                    else
                        await receiver.AbandonAsync(message, token);
                });
                meant.ForEach(message => wanted.Remove(message.SequenceNumber));
            }
        }
        finally
        {
            foreach (var message in held)
                await GiveBackAsync(receiver, message, cancellationToken);
        }
        return [.. wanted.Values];
    }

    /// <summary>Where the lock ran out the letter stays: sent again once more, it finds that it was.</summary>
    private static async Task CompleteAsync(IMessageReceiver receiver, ReceivedMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await receiver.CompleteAsync(message, cancellationToken);
        }
        catch (MessageLockLostException)
        {
            // It lies there still; see above.
        }
    }

    private static async Task GiveBackAsync(IMessageReceiver receiver, ReceivedMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await receiver.AbandonAsync(message, cancellationToken);
        }
        catch (Exception e) when (e is ServiceBusException or OperationCanceledException)
        {
            // Its lock ends by itself.
        }
    }

    private FoundLetter Describe(ReceivedMessage message) => new(
        $"{queue}/{message.SequenceNumber}", LetterKind.Message, queue, Place, LetterCause.Of(message.DeadLetterReason), message.EnqueuedTime.UtcDateTime)
    {
        Scan = LetterEvents.ScanOf(message.Body.Span),
        MessageId = message.MessageId,
        Subject = message.Subject,
        Description = message.DeadLetterErrorDescription,
        Deliveries = message.DeliveryCount,
        Replays = message.ApplicationProperties.GetValueOrDefault(MessageProperties.Replays) is int replays ? replays : 0,
        Handle = message.SequenceNumber,
        Body = _ => Task.FromResult<BinaryData?>(new BinaryData(message.Body)),
    };
}
