using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.Scans;
using CtSeg.ServiceBus;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Letters;

/// <summary>All places where something dead may lie.</summary>
/// <param name="queues">Null where no address of the storage queues is set: the poison queues are not looked into then.</param>
/// <param name="maxUploadBytes">Uploads above it are not written again.</param>
internal sealed class LetterBox(BlobServiceClient storage, IServiceBusClient bus, QueueServiceClient? queues, long maxUploadBytes, TimeProvider time)
{
    private readonly DiscardedLetters _discarded = new(storage, time);

    private readonly FailedScans _failed = new(
        new StatusStore(storage.GetBlobContainerClient(Containers.Status)), new LetterArchive(storage.GetBlobContainerClient(Containers.Audit)),
        new DiscardedLetters(storage, time), time);

    private readonly IReadOnlyList<ILetterSource> _sources =
    [
        .. Queues.All.Select(queue => new QueueLetters(bus, queue)),
        new ArchivedLetters(new LetterArchive(storage.GetBlobContainerClient(Containers.Audit))),
        .. queues is null ? [] : PoisonQueueNames.Select(queue => new PoisonQueueLetters(queues.GetQueueClient(queue), PoisonQueueLetters.Hold)),
        new UndeliveredEvents(storage.GetBlobContainerClient(Containers.UndeliveredEvents)),
    ];

    /// <value>What letters may belong to.</value>
    public static IReadOnlyList<string> KnownQueues { get; } = [.. Queues.All, .. PoisonQueueNames, Containers.UndeliveredEvents, Containers.Slices];

    private static IReadOnlyList<string> PoisonQueueNames => [StorageQueues.PoisonedSlices, StorageQueues.PoisonOf(StorageQueues.PoisonedSlices)];

    private IEnumerable<ILetterSource> All => _sources.Append(_failed);

    /// <value>That are looked into, as users know them.</value>
    public IReadOnlyList<string> Places => [.. All.Select(source => source.Place)];

    /// <summary>What lies dead anywhere; a scan whose request lies in one place is not told by its status too.</summary>
    public async Task<LettersFound> FindAsync(LetterFilter filter, CancellationToken cancellationToken)
    {
        var (found, hidden) = (new List<FoundLetter>(), new List<HiddenLetters>());
        foreach (var source in _sources.Where(source => source.MayHold(filter)))
        {
            var there = await source.FindAsync(cancellationToken);
            found.AddRange(there);
            if (await source.CountHiddenAsync(there.Count, cancellationToken) is > 0 and var more)
                hidden.Add(new HiddenLetters(source.Place, more));
        }
        var told = found.Where(letter => letter.Queue == Queues.SegmentationRequests).Select(letter => letter.Scan).OfType<ScanId>().ToHashSet();
        found.AddRange(await _failed.FindAsync(told, cancellationToken));
        return LettersFound.Of(found, hidden, filter);
    }

    /// <summary>One letter, for which only its place is looked into.</summary>
    /// <param name="id">Anybody's text.</param>
    /// <returns>Null where there is none.</returns>
    public async Task<FoundLetter?> FindAsync(string id, CancellationToken cancellationToken) =>
        All.FirstOrDefault(source => id.StartsWith(source.IdStart, StringComparison.Ordinal)) is { } source ? await source.FindAsync(id, cancellationToken) : null;

    /// <summary>Sends letters again, place by place.</summary>
    /// <param name="told">Called with every letter and what became of it; may be called for several at once.</param>
    public async Task<Unreached> ReplayAsync(LettersFound found, bool dryRun, Action<FoundLetter, ReplayOutcome> told, CancellationToken cancellationToken)
    {
        var scans = new ScanReplays(new StatusStore(storage.GetBlobContainerClient(Containers.Status)), new ScanBlobs(storage), dryRun, time);
        var runs = new TrainingReplays(new TrainingRunStore(storage, time), dryRun, time);
        await using var replay = new LetterReplay(scans, new UploadReplays(storage, scans, maxUploadBytes, dryRun), runs, bus, dryRun, time);
        if (dryRun)
        {
            await Parallel.ForEachAsync(found.Letters, Parallelism.Of(cancellationToken), async (letter, token) => await SettleAsync(letter, token));
            return new Unreached([], found.Hidden);
        }
        var (left, hidden) = (new List<FoundLetter>(), new List<HiddenLetters>());
        foreach (var source in All)
        {
            var there = found.Letters.Where(letter => letter.Place == source.Place).ToList();
            if (source is PoisonQueueLetters poison && found.Hidden.Any(one => one.Place == source.Place))
            {
                var held = await TakeAllAsync(poison, there, found, SettleAsync, left, cancellationToken);
                if (held > 0)
                    hidden.Add(new HiddenLetters(source.Place, held));
            }
            else if (there.Count > 0)
                left.AddRange(await source.TakeAsync(there, SettleAsync, removed: null, cancellationToken));
        }
        return new Unreached(left, hidden);

        async Task<bool> SettleAsync(FoundLetter letter, CancellationToken token)
        {
            var outcome = await replay.SendAsync(letter, token);
            told(letter, outcome);
            return outcome.EndsLetter();
        }
    }

    /// <summary>Removes letters for good. A record of each is stored before: who is killed in between repeats it.</summary>
    /// <param name="told">Called with what became of every letter that was recorded; may be called for several at once, and for one again.</param>
    /// <returns>Letters that somebody else held or took.</returns>
    public async Task<IReadOnlyList<FoundLetter>> DiscardAsync(
        IReadOnlyList<FoundLetter> letters, string by, string reason, Action<FoundLetter, LetterRemoval> told, CancellationToken cancellationToken)
    {
        var left = new List<FoundLetter>();
        foreach (var source in _sources)
            if (letters.Where(letter => letter.Place == source.Place).ToList() is { Count: > 0 } there)
                left.AddRange(await source.TakeAsync(there, RecordAsync, told, cancellationToken));
        await Parallel.ForEachAsync(
            letters.Where(letter => letter.Place == _failed.Place), Parallelism.Of(cancellationToken), async (letter, token) =>
            {
                await RecordAsync(letter, token);
                told(letter, LetterRemoval.Removed);
            });
        return left;

        async Task<bool> RecordAsync(FoundLetter letter, CancellationToken token)
        {
            var body = await letter.Body(token);
            var isThere = body is not null || letter.Kind == LetterKind.Scan || letter.UnreadLength is not null;
            var record = LetterRecord.Of(letter, body, by, reason);
            if (isThere)
                await _discarded.RecordAsync(record.Letter, record.Body, token);
            return true;
        }
    }

    /// <summary>Ids of all letters that were discarded so far.</summary>
    public async Task<IReadOnlySet<string>> ListDiscardedAsync(CancellationToken cancellationToken)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var record in _discarded.ListAsync(cancellationToken))
            ids.Add(record.Id);
        return ids;
    }

    /// <param name="shown">Of that queue.</param>
    /// <param name="left">Is told those of them that somebody else has.</param>
    /// <returns>About how many others somebody else has.</returns>
    private static async Task<int> TakeAllAsync(
        PoisonQueueLetters poison, List<FoundLetter> shown, LettersFound found, Func<FoundLetter, CancellationToken, Task<bool>> settle, List<FoundLetter> left,
        CancellationToken cancellationToken)
    {
        var wanted = shown.ToDictionary(letter => letter.Id);
        var more = found.Most - found.Letters.Count;
        var held = await poison.TakeAllAsync(letter => wanted.Remove(letter.Id) || (found.Filter.Matches(letter) && more-- > 0), settle, cancellationToken);
        left.AddRange(wanted.Values);
        return Math.Max(0, held - wanted.Count);
    }
}
