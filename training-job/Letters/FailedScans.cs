using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.Scans;

namespace CtSeg.TrainingJob.Letters;

/// <summary>
/// Scans that failed for a reason of ours, by their status. Those that left a letter elsewhere are told there; the others were given up by
/// reconciliation, or their upload could not be preprocessed.
/// </summary>
internal sealed class FailedScans(StatusStore statuses, LetterArchive archive, DiscardedLetters discarded, TimeProvider time) : ILetterSource
{
    /// <summary>An upload that was written again is taken in by then, or the replay that was to write it is gone.</summary>
    public static readonly TimeSpan Underway = TimeSpan.FromMinutes(10);

    // Scans whose records are sought one by one, instead of among all that there are.
    private const int Few = 10;

    // What storage tells of the time of a record.
    private static readonly TimeSpan ASecond = TimeSpan.FromSeconds(1);

    public string Place => Containers.Status;

    public string IdStart => $"{Place}/";

    public Task<IReadOnlyList<FoundLetter>> FindAsync(CancellationToken cancellationToken) => FindAsync(new HashSet<ScanId>(), cancellationToken);

    /// <summary>The same without scans that are told elsewhere. One listing, and a document more for each that was written before listings told the reason.</summary>
    public async Task<IReadOnlyList<FoundLetter>> FindAsync(IReadOnlySet<ScanId> told, CancellationToken cancellationToken)
    {
        var listed = new List<ScanListing>();
        await foreach (var scan in statuses.ListAsync(cancellationToken))
            if (MayBeDead(scan) && !told.Contains(scan.ScanId))
                listed.Add(scan);
        if (listed.Count == 0)
            return [];
        listed = await WithoutDiscardedAsync(listed, cancellationToken);
        var found = new FoundLetter?[listed.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, listed.Count), Parallelism.Of(cancellationToken), async (at, token) =>
            found[at] = listed[at] is { State: ScanState.Failed, Failure: null } old ? await ReadAsync(old, token) : Describe(listed[at]));
        return [.. found.OfType<FoundLetter>()];
    }

    public async Task<FoundLetter?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (!ScanId.TryParse(id[IdStart.Length..], out var scan))
            return null;
        try
        {
            if ((await statuses.FindAsync(scan, cancellationToken))?.Status is not { } status)
                return null;
            var listing = new ScanListing(scan, status.BlobName, status.State, status.Attempt, status.LastChange) { Failure = status.Failure?.Reason, Replays = status.Replays };
            return MayBeDead(listing) && (await WithoutDiscardedAsync([listing], cancellationToken)).Count > 0 ? Describe(listing) : null;
        }
        catch (JsonException)
        {
            return (await FindAsync(cancellationToken)).FirstOrDefault(letter => letter.Id == id);
        }
    }

    /// <remarks>The request is archived first: a replay that is killed after it changed the status leaves that to the next one.</remarks>
    public async Task<IReadOnlyList<FoundLetter>> TakeAsync(
        IReadOnlyList<FoundLetter> letters, Func<FoundLetter, CancellationToken, Task<bool>> settle, Action<FoundLetter, LetterRemoval>? removed,
        CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(letters, Parallelism.Of(cancellationToken), async (letter, token) =>
        {
            if (letter.Kind == LetterKind.Message)
            {
                await archive.StoreAsync(
                    new DeadLetter((await letter.Body(token))!.ToString()) { Reason = letter.Cause, Replays = letter.Replays }, letter.MessageId, token);
            }
            if (await settle(letter, token) && letter.Kind == LetterKind.Message)
                await archive.RemoveAsync(letter.MessageId!, token);
            removed?.Invoke(letter, LetterRemoval.Removed);
        });
        return [];
    }

    // One that was received again is waited for by its replay only.
    private bool MayBeDead(ScanListing scan) => scan.State switch
    {
        ScanState.Failed => scan.Failure is not { } reason || ScanReplays.IsReplayable(reason),
        ScanState.Received => scan.Replays > 0 && time.GetUtcNow().UtcDateTime - scan.LastChange > Underway,
        _ => false,
    };

    /// <summary>A status stays where it is: the record is what takes it, or a request of the scan, off the list until the scan fails again.</summary>
    private async Task<List<ScanListing>> WithoutDiscardedAsync(List<ScanListing> scans, CancellationToken cancellationToken)
    {
        var records = (await RecordsAsync(scans, cancellationToken)).ToLookup(record => record.Scan);
        return [.. scans.Where(scan => !records[scan.ScanId].Any(record => Hides(record, scan)))];
    }

    /// <summary>Of a request only that of the last attempt: a scan that was asked for again since failed for another reason.</summary>
    private bool Hides(DiscardedListing record, ScanListing scan) =>
        record.Queue is Queues.SegmentationRequests or Containers.Slices && record.StoredAt + ASecond > scan.LastChange
        && (record.Id.StartsWith(IdStart, StringComparison.Ordinal) || record.Attempt == scan.Attempt);

    private async Task<List<DiscardedListing>> RecordsAsync(List<ScanListing> scans, CancellationToken cancellationToken)
    {
        var records = new List<DiscardedListing>();
        foreach (var some in scans.Count > Few ? [discarded.ListAsync(cancellationToken)] : scans.Select(scan => discarded.ListAsync(scan.ScanId, cancellationToken)))
            await foreach (var record in some)
                records.Add(record);
        return records;
    }

    private async Task<FoundLetter?> ReadAsync(ScanListing listing, CancellationToken cancellationToken)
    {
        try
        {
            return (await statuses.FindAsync(listing.ScanId, cancellationToken))?.Status.Failure is { Reason: var reason } && ScanReplays.IsReplayable(reason)
                ? Describe(listing with { Failure = reason }) : null;
        }
        catch (JsonException)
        {
            return LetterOf(listing, "status-unreadable");
        }
    }

    private FoundLetter Describe(ScanListing listing)
    {
        var letter = LetterOf(listing, LetterCause.Of((listing.Failure ?? FailureReason.Poisoned).ToString()));
        if (listing.Attempt == 0)
            return letter;
        var request = ScanEvents.Requested(listing.ScanId, listing.Attempt, LetterReplay.Source, time.GetUtcNow().UtcDateTime);
        var body = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(request, ContractsJson.Default.CloudEventSegmentationRequested));
        return letter with
        {
            Kind = LetterKind.Message,
            Queue = Queues.SegmentationRequests,
            MessageId = request.Id,
            Body = _ => Task.FromResult<BinaryData?>(body),
        };
    }

    private FoundLetter LetterOf(ScanListing listing, string cause) => new(
        $"{IdStart}{listing.ScanId}", LetterKind.Scan, Containers.Slices, Place, cause, listing.LastChange) { Scan = listing.ScanId, Replays = listing.Replays };
}
