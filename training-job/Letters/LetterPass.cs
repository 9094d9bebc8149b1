using System.Collections.Concurrent;
using Azure;
using CtSeg.Recovery;
using CtSeg.ServiceBus;
using CtSeg.TrainingJob.Consumer;

namespace CtSeg.TrainingJob.Letters;

/// <summary>
/// One pass over a queue whose messages cannot be picked, only received in order and held for a while. What is not removed is held until the pass is over: given
/// back at once it would stand in front again and hide what comes after it.
/// </summary>
/// <typeparam name="TKey">What a message is known by, however often it is received.</typeparam>
/// <typeparam name="TMessage">As the queue gives it, with what it takes to settle it.</typeparam>
internal abstract class LetterPass<TKey, TMessage>
    where TKey : notnull
{
    // What is not given back by then comes back by itself.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<TKey, TMessage> _held = [];
    private readonly ConcurrentDictionary<TKey, FoundLetter> _settled = [];
    private readonly ConcurrentDictionary<TKey, bool> _stayed = [];

    /// <value>How many messages were left.</value>
    public int Left => _held.Count;

    /// <param name="meant">The letter in a message that is to be taken; null where it is not. Called once for each message.</param>
    /// <param name="isEnough">Whether no message is waited for any more.</param>
    /// <param name="settle">Does what is to be done about a letter, and says whether it may go.</param>
    /// <param name="removed">Told what became of each that may go.</param>
    public async Task RunAsync(
        Func<TMessage, FoundLetter?> meant, Func<bool> isEnough, Func<FoundLetter, CancellationToken, Task<bool>> settle,
        Action<FoundLetter, LetterRemoval>? removed, CancellationToken cancellationToken)
    {
        try
        {
            // All that is held may come again, when its holds run out; where nothing else comes, nothing else can be reached.
            for (var again = 0; (!isEnough() || !_stayed.IsEmpty) && again <= _held.Count;)
            {
                var batch = await ReceiveAsync(cancellationToken);
                if (batch.Count == 0)
                    return;
                var fresh = batch.Where(message => !_settled.ContainsKey(KeyOf(message)) && !_held.ContainsKey(KeyOf(message))).ToList();
                foreach (var message in batch)
                    _held[KeyOf(message)] = message;
                again = fresh.Count > 0 ? 0 : again + batch.Count;
                await Parallel.ForEachAsync(batch.Where(message => _settled.ContainsKey(KeyOf(message))), Parallelism.Of(cancellationToken), async (message, token) =>
                    await GoAsync(message, _settled[KeyOf(message)], removed, token));
                var letters = fresh.Select(message => (Message: message, Letter: meant(message))).Where(one => one.Letter is not null).ToList();
                await Parallel.ForEachAsync(letters, Parallelism.Of(cancellationToken), async (one, token) =>
                {
                    if (await settle(one.Letter!, token))
                        await GoAsync(one.Message, one.Letter!, removed, token);
                });
            }
        }
        finally
        {
            await GiveBackAsync();
        }
    }

    /// <returns>None where nothing is there that nobody holds.</returns>
    protected abstract Task<IReadOnlyList<TMessage>> ReceiveAsync(CancellationToken cancellationToken);

    protected abstract TKey KeyOf(TMessage message);

    /// <summary>Where the hold ran out the message stays.</summary>
    protected abstract Task<LetterRemoval> RemoveAsync(TMessage message, CancellationToken cancellationToken);

    /// <summary>Where the hold ran out nothing is done, and nothing is said.</summary>
    protected abstract Task GiveBackAsync(TMessage message, CancellationToken cancellationToken);

    /// <summary>Where its hold ran out before, it comes again: what is settled is not settled twice, and only goes.</summary>
    private async Task GoAsync(TMessage message, FoundLetter letter, Action<FoundLetter, LetterRemoval>? removed, CancellationToken cancellationToken)
    {
        var key = KeyOf(message);
        _settled[key] = letter;
        _held.TryRemove(key, out _);
        var end = await RemoveAsync(message, cancellationToken);
        if (end == LetterRemoval.Stayed)
            _stayed[key] = true;
        else
            _stayed.TryRemove(key, out _);
        removed?.Invoke(letter, end);
    }

    /// <summary>Also after a fault or a cancellation, which nothing here may hide.</summary>
    private async Task GiveBackAsync()
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        try
        {
            await Parallel.ForEachAsync(_held.Values, Parallelism.Of(patience.Token), async (message, token) => await GiveBackAsync(message, token));
        }
        catch (Exception e) when (e is ServiceBusException or RequestFailedException || StorageFaults.Is(e))
        {
            // The service is away; see above.
        }
    }
}
