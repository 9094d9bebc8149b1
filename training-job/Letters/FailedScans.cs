using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.Scans;

namespace CtSeg.TrainingJob.Letters;

/// <summary>
/// Scans that failed for a reason of ours, by their status. Those that left a letter elsewhere are told there; the others were given up by
/// reconciliation, or their upload could not be preprocessed.
/// </summary>
internal sealed class FailedScans(StatusStore statuses, LetterArchive archive, TimeProvider time) : ILetterSource
{
    public string Place => Containers.Status;

    public async Task<IReadOnlyList<FoundLetter>> FindAsync(CancellationToken cancellationToken)
    {
        var listed = new List<ScanListing>();
        await foreach (var scan in statuses.ListAsync(cancellationToken))
            if (MayBeDead(scan))
                listed.Add(scan);
        var found = new FoundLetter?[listed.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, listed.Count), Parallelism.Of(cancellationToken), async (at, token) =>
            found[at] = await DescribeAsync(listed[at], token));
        return [.. found.OfType<FoundLetter>()];
    }

    /// <remarks>The request is archived first: a replay that is killed after it changed the status leaves that to the next one.</remarks>
    public async Task<IReadOnlyList<FoundLetter>> TakeAsync(
        IReadOnlyList<FoundLetter> letters, Func<FoundLetter, CancellationToken, Task<ReplayOutcome>> send, CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(letters, Parallelism.Of(cancellationToken), async (letter, token) =>
        {
            if (letter.Kind == LetterKind.Message)
            {
                await archive.StoreAsync(
                    new DeadLetter((await letter.Body(token))!.ToString()) { Reason = letter.Cause, Replays = letter.Replays }, letter.MessageId, token);
            }
            if ((await send(letter, token)).EndsLetter() && letter.Kind == LetterKind.Message)
                await archive.RemoveAsync(letter.MessageId!, token);
        });
        return [];
    }

    // One that was received again is waited for by its replay only.
    private static bool MayBeDead(ScanListing scan) => scan.State switch
    {
        ScanState.Failed => scan.Failure is not { } reason || ScanReplays.IsReplayable(reason),
        ScanState.Received => scan.Replays > 0,
        _ => false,
    };

    private async Task<FoundLetter?> DescribeAsync(ScanListing listing, CancellationToken cancellationToken)
    {
        var scan = listing.ScanId;
        try
        {
            if ((await statuses.FindAsync(scan, cancellationToken))?.Status is not { } status)
                return null;
            var reason = status.State == ScanState.Received ? FailureReason.Poisoned : status.Failure?.Reason;
            return reason is { } known && ScanReplays.IsReplayable(known) ? Describe(status, known) : null;
        }
        catch (JsonException)
        {
            return new FoundLetter($"{Place}/{scan}", LetterKind.Scan, Containers.Slices, Place, "status-unreadable", listing.LastChange) { Scan = scan };
        }
    }

    private FoundLetter Describe(ScanStatus status, FailureReason reason)
    {
        var (scan, cause) = (status.ScanId, LetterCause.Of(reason.ToString()));
        var letter = new FoundLetter($"{Place}/{scan}", LetterKind.Scan, Containers.Slices, Place, cause, status.LastChange)
        {
            Scan = scan,
            Description = status.Failure?.Message,
            Replays = status.Replay?.Count ?? 0,
        };
        if (status.Attempt == 0)
            return letter;
        var request = ScanEvents.Requested(scan, status.Attempt, LetterReplay.Source, time.GetUtcNow().UtcDateTime);
        var body = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(request, ContractsJson.Default.CloudEventSegmentationRequested));
        return letter with
        {
            Kind = LetterKind.Message,
            Queue = Queues.SegmentationRequests,
            MessageId = request.Id,
            Body = _ => Task.FromResult<BinaryData?>(body),
        };
    }
}
