using System.Buffers.Text;
using System.Text;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using CtSeg.Recovery;

namespace CtSeg.TrainingJob.Letters;

/// <summary>A poison queue of the Functions host: uploads that were given up, and that no function has recorded yet.</summary>
/// <param name="queue">Reads and writes texts as they are.</param>
/// <param name="hold">For how long nobody else sees what is taken here.</param>
internal sealed class PoisonQueueLetters(QueueClient queue, TimeSpan hold) : ILetterSource
{
    /// <summary>For the uploads of one batch.</summary>
    public static readonly TimeSpan Hold = TimeSpan.FromMinutes(5);

    /// <summary>That the service shows or gives at once.</summary>
    public const int Page = 32;

    private const int NotFound = 404;

    public string Place => queue.Name;

    public string IdStart => $"{Place}/";

    /// <remarks>Nothing here names a scan.</remarks>
    public bool MayHold(LetterFilter filter) => filter.Scan is null && (filter.Queue ?? Place) == Place;

    /// <remarks>Only the first ones can be shown.</remarks>
    public async Task<IReadOnlyList<FoundLetter>> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            var peeked = (await queue.PeekMessagesAsync(Page, cancellationToken)).Value;
            return [.. peeked.Select(message => Describe(message.MessageId, message.MessageText, message.InsertedOn, (int)message.DequeueCount))];
        }
        catch (RequestFailedException e) when (e.Status == NotFound)
        {
            // It comes into being with its first message.
            return [];
        }
    }

    public async Task<FoundLetter?> FindAsync(string id, CancellationToken cancellationToken) =>
        (await FindAsync(cancellationToken)).FirstOrDefault(letter => letter.Id == id);

    /// <remarks>Where fewer were shown than can be, all that nobody holds were.</remarks>
    public async Task<int> CountHiddenAsync(int shown, CancellationToken cancellationToken) =>
        shown < Page ? 0 : Math.Max(0, await CountAsync(cancellationToken) - shown);

    public async Task<IReadOnlyList<FoundLetter>> TakeAsync(
        IReadOnlyList<FoundLetter> letters, Func<FoundLetter, CancellationToken, Task<bool>> settle, Action<FoundLetter, LetterRemoval>? removed,
        CancellationToken cancellationToken)
    {
        var wanted = letters.ToDictionary(letter => letter.MessageId!);
        await new Pass(queue, hold).RunAsync(
            message => wanted.Remove(message.MessageId, out var letter) ? letter : null, () => wanted.Count == 0, settle, removed, cancellationToken);
        return [.. wanted.Values];
    }

    /// <summary>The same for whatever lies there, also what could not be shown.</summary>
    /// <returns>About how many letters somebody else holds, whether meant or not.</returns>
    public async Task<int> TakeAllAsync(
        Func<FoundLetter, bool> isMeant, Func<FoundLetter, CancellationToken, Task<bool>> settle, CancellationToken cancellationToken)
    {
        var pass = new Pass(queue, hold);
        await pass.RunAsync(
            message => Describe(message.MessageId, message.MessageText, message.InsertedOn, (int)message.DequeueCount) is var letter && isMeant(letter) ? letter : null,
            () => false, settle, removed: null, cancellationToken);
        return Math.Max(0, await CountAsync(cancellationToken) - pass.Left);
    }

    private async Task<int> CountAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await queue.GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCount;
        }
        catch (RequestFailedException e) when (e.Status == NotFound)
        {
            return 0;
        }
    }

    private FoundLetter Describe(string id, string text, DateTimeOffset? inserted, int deliveries)
    {
        var body = Decoded(text);
        var news = UploadNews.OfPoisonMessage(body, out var function);
        return new FoundLetter($"{IdStart}{id}", LetterKind.Upload, Place, Place, LetterCause.Of($"poisoned {function}"), inserted?.UtcDateTime ?? default)
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

    private sealed class Pass(QueueClient queue, TimeSpan hold) : LetterPass<string, QueueMessage>
    {
        protected override async Task<IReadOnlyList<QueueMessage>> ReceiveAsync(CancellationToken cancellationToken)
        {
            try
            {
                return (await queue.ReceiveMessagesAsync(Page, hold, cancellationToken)).Value;
            }
            catch (RequestFailedException e) when (e.Status == NotFound)
            {
                return [];
            }
        }

        protected override string KeyOf(QueueMessage message) => message.MessageId;

        protected override async Task<LetterRemoval> RemoveAsync(QueueMessage message, CancellationToken cancellationToken)
        {
            try
            {
                await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, cancellationToken);
                return LetterRemoval.Removed;
            }
            catch (RequestFailedException e) when (IsOfOthers(e))
            {
                // Who has it does what is to be done, and that twice does no harm.
                return e.ErrorCode == QueueErrorCode.MessageNotFound ? LetterRemoval.Gone : LetterRemoval.Stayed;
            }
        }

        protected override async Task GiveBackAsync(QueueMessage message, CancellationToken cancellationToken)
        {
            try
            {
                await queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, message.Body, TimeSpan.Zero, cancellationToken);
            }
            catch (RequestFailedException e) when (IsOfOthers(e))
            {
                // It is back already.
            }
        }

        /// <summary>The hold ran out, and somebody else received or removed it.</summary>
        private static bool IsOfOthers(RequestFailedException e) => e.Status == NotFound || e.ErrorCode == QueueErrorCode.PopReceiptMismatch;
    }
}
