using System.Globalization;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.ServiceBus;

namespace CtSeg.TrainingJob.Letters;

/// <summary>The dead-letter queue of one queue.</summary>
internal sealed class QueueLetters(IServiceBusClient bus, string queue) : ILetterSource
{
    private const int Page = 100;

    public string Place { get; } = Queues.DeadLettersOf(queue);

    public string IdStart => $"{queue}/";

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

    public async Task<FoundLetter?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (!long.TryParse(id[IdStart.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return null;
        await using var receiver = bus.CreateReceiver(Place);
        return (await receiver.PeekAsync(1, number, cancellationToken)).Select(Describe).FirstOrDefault(letter => letter.Id == id);
    }

    public async Task<IReadOnlyList<FoundLetter>> TakeAsync(
        IReadOnlyList<FoundLetter> letters, Func<FoundLetter, CancellationToken, Task<bool>> settle, Action<FoundLetter, LetterRemoval>? removed,
        CancellationToken cancellationToken)
    {
        await using var receiver = bus.CreateReceiver(Place);
        var wanted = letters.ToDictionary(letter => (long)letter.Handle!);
        await new Pass(receiver).RunAsync(
            message => wanted.Remove(message.SequenceNumber, out var letter) ? letter : null, () => wanted.Count == 0, settle, removed, cancellationToken);
        return [.. wanted.Values];
    }

    private FoundLetter Describe(ReceivedMessage message) => new(
        $"{IdStart}{message.SequenceNumber}", LetterKind.Message, queue, Place, LetterCause.Of(message.DeadLetterReason), message.EnqueuedTime.UtcDateTime)
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

    private sealed class Pass(IMessageReceiver receiver) : LetterPass<long, ReceivedMessage>
    {
        private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);

        protected override Task<IReadOnlyList<ReceivedMessage>> ReceiveAsync(CancellationToken cancellationToken) =>
            receiver.ReceiveAsync(Page, Wait, cancellationToken);

        protected override long KeyOf(ReceivedMessage message) => message.SequenceNumber;

        protected override async Task<LetterRemoval> RemoveAsync(ReceivedMessage message, CancellationToken cancellationToken)
        {
            try
            {
                await receiver.CompleteAsync(message, cancellationToken);
                return LetterRemoval.Removed;
            }
            catch (MessageLockLostException)
            {
                // Sent again once more, it finds that it was.
                return LetterRemoval.Stayed;
            }
        }

        protected override async Task GiveBackAsync(ReceivedMessage message, CancellationToken cancellationToken)
        {
            try
            {
                await receiver.AbandonAsync(message, cancellationToken);
            }
            catch (MessageLockLostException)
            {
                // It is back already.
            }
        }
    }
}
