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
internal sealed class LetterBox(BlobServiceClient storage, IServiceBusClient bus, QueueServiceClient? queues, TimeProvider time)
{
    private readonly FailedScans _failed = new(
        new StatusStore(storage.GetBlobContainerClient(Containers.Status)), new LetterArchive(storage.GetBlobContainerClient(Containers.Audit)), time);

    private readonly IReadOnlyList<ILetterSource> _sources =
    [
        .. Queues.All.Select(queue => new QueueLetters(bus, queue)),
        new ArchivedLetters(new LetterArchive(storage.GetBlobContainerClient(Containers.Audit))),
        .. queues is null ? Array.Empty<ILetterSource>() : [PoisonOf(queues, StorageQueues.PoisonedSlices), PoisonOf(queues, StorageQueues.PoisonOf(StorageQueues.PoisonedSlices))],
        new UndeliveredEvents(storage.GetBlobContainerClient(Containers.UndeliveredEvents)),
    ];

    private IEnumerable<ILetterSource> All => _sources.Append(_failed);

    /// <value>That are looked into, as users know them.</value>
    public IReadOnlyList<string> Places => [.. All.Select(source => source.Place)];

    /// <summary>What lies dead anywhere, the oldest first; a scan whose request lies in one place is not told by its status too.</summary>
    public async Task<IReadOnlyList<FoundLetter>> FindAsync(LetterFilter filter, CancellationToken cancellationToken)
    {
        var found = new List<FoundLetter>();
        foreach (var source in _sources)
            found.AddRange(await source.FindAsync(cancellationToken));
        var told = found.Where(letter => letter.Queue == Queues.SegmentationRequests).Select(letter => letter.Scan).OfType<ScanId>().ToHashSet();
        found.AddRange(await _failed.FindAsync(told, cancellationToken));
        return [.. found.Where(filter.Matches).OrderBy(letter => letter.Time)];
    }

    /// <summary>Sends letters again, place by place.</summary>
    /// <param name="told">Called with every letter and what became of it; may be called for several at once.</param>
    /// <returns>Letters that somebody else held or took.</returns>
    public async Task<IReadOnlyList<FoundLetter>> ReplayAsync(
        IReadOnlyList<FoundLetter> letters, bool dryRun, Action<FoundLetter, ReplayOutcome> told, CancellationToken cancellationToken)
    {
        var scans = new ScanReplays(new StatusStore(storage.GetBlobContainerClient(Containers.Status)), new ScanBlobs(storage), dryRun, time);
        var runs = new TrainingReplays(new TrainingRunStore(storage, time), dryRun, time);
        await using var replay = new LetterReplay(scans, new UploadReplays(storage, scans, dryRun), runs, bus, dryRun, time);
        if (dryRun)
        {
            await Parallel.ForEachAsync(letters, Parallelism.Of(cancellationToken), async (letter, token) => await SendAsync(letter, token));
            return [];
        }
        var left = new List<FoundLetter>();
        foreach (var source in All)
        {
            if (letters.Where(letter => letter.Place == source.Place).ToList() is { Count: > 0 } there)
                left.AddRange(await source.TakeAsync(there, SendAsync, cancellationToken));
        }
        return left;

        async Task<ReplayOutcome> SendAsync(FoundLetter letter, CancellationToken token)
        {
            var outcome = await replay.SendAsync(letter, token);
            told(letter, outcome);
            return outcome;
        }
    }

    private static PoisonQueueLetters PoisonOf(QueueServiceClient queues, string queue) => new(queues.GetQueueClient(queue));
}
