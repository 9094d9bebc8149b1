using System.Buffers.Text;
using System.Text;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using CtSeg.Recovery;

namespace CtSeg.TrainingJob.Letters;

/// <summary>A poison queue of the Functions host: uploads that were given up, and that no function has recorded yet.</summary>
/// <param name="queue">Reads and writes texts as they are.</param>
internal sealed class PoisonQueueLetters(QueueClient queue) : ILetterSource
{
    private const int Page = 32;
    private const int NotFound = 404;
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(5);

    public string Place => queue.Name;

    /// <remarks>The service shows no more than the first 32; the others are shown once those are gone.</remarks>
    public async Task<IReadOnlyList<FoundLetter>> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            var peeked = (await queue.PeekMessagesAsync(Page, cancellationToken)).Value;
            return [.. peeked.Select(message => Describe(message.MessageId, message.MessageText, message.InsertedOn, (int)message.DequeueCount))];
        }
        catch (Azure.RequestFailedException e) when (e.Status == NotFound)
        {
            // It comes into being with its first message.
            return [];
        }
    }

    public async Task<IReadOnlyList<FoundLetter>> TakeAsync(
        IReadOnlyList<FoundLetter> letters, Func<FoundLetter, CancellationToken, Task<ReplayOutcome>> send, CancellationToken cancellationToken)
    {
        var wanted = letters.ToDictionary(letter => letter.MessageId!);
        var others = new List<QueueMessage>();
        while (wanted.Count > 0 && (await queue.ReceiveMessagesAsync(Page, Hold, cancellationToken)).Value is { Length: > 0 } batch)
        {
            foreach (var message in batch)
            {
                if (!wanted.Remove(message.MessageId, out var letter) || !(await send(letter, cancellationToken)).EndsLetter())
                    others.Add(message);
                else
                    await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, cancellationToken);
            }
        }
        foreach (var message in others)
            await queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, message.Body, TimeSpan.Zero, cancellationToken);
        return [.. wanted.Values];
    }

    private FoundLetter Describe(string id, string text, DateTimeOffset? inserted, int deliveries)
    {
        var body = Decoded(text);
        var news = UploadNews.OfPoisonMessage(body, out var function);
        return new FoundLetter($"{Place}/{id}", LetterKind.Upload, Place, Place, LetterCause.Of($"poisoned {function}"), inserted?.UtcDateTime ?? default)
        {
            MessageId = id,
            Deliveries = deliveries,
            Handle = news,
            Body = _ => Task.FromResult<BinaryData?>(body),
        };
    }

    // The host writes Base64 unless told otherwise.
    private static BinaryData Decoded(string text) =>
        Base64.IsValid(text) ? BinaryData.FromBytes(Convert.FromBase64String(text)) : BinaryData.FromBytes(Encoding.UTF8.GetBytes(text));
}
