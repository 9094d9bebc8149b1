using System.Text.Json;
using Azure;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.Recovery;

/// <param name="Age">
/// The first request is overdue after this long without a change, each further one after twice as long as the one before: a scan that only waits in
/// a long queue must not use up its attempts there.
/// </param>
/// <param name="MaxAttempts">Requests for one scan, the first included; an operator's replay begins to count anew.</param>
/// <param name="MaxScans">One run reads; the next run takes the rest.</param>
public sealed record ReconcilePolicy(TimeSpan Age, int MaxAttempts, int MaxScans)
{
    /// <value>No request is waited for longer, unless <see cref="Age"/> is.</value>
    public static TimeSpan LongestAge { get; } = TimeSpan.FromDays(1);

    /// <value>A scan in state received for longer is given up: the host's tries are long used up. 24 hours unless set.</value>
    public TimeSpan ReceivedAge { get; init; } = TimeSpan.FromHours(24);

    /// <param name="attempt">From 1, since the scan was taken in or asked for again by an operator.</param>
    /// <returns>How long that request may be without a change.</returns>
    public TimeSpan AgeOf(int attempt)
    {
        var longest = Age > LongestAge ? Age : LongestAge;
        var doublings = Math.Min(attempt - 1, 30);
        return Age > longest / (1 << doublings) ? longest : Age * (1 << doublings);
    }
}

/// <param name="AskAgain">Scans with a new attempt, to be requested.</param>
/// <param name="GivenUp">Scans that failed now.</param>
/// <param name="Completed">Scans whose result lay there without anybody having said so.</param>
public sealed record ReconcileOutcome(
    IReadOnlyList<ScanStatus> AskAgain, IReadOnlyList<ScanStatus> GivenUp, IReadOnlyList<(ScanStatus Status, ScanMetrics Metrics)> Completed)
{
    /// <value>The fault of storage that ended the run early; what was changed before it must still be announced.</value>
    public RequestFailedException? Interruption { get; init; }

    /// <value>How long the scan has waited that has no result for the longest time; zero where none waits.</value>
    public TimeSpan OldestWait { get; init; }

    /// <value>Scans left as they are because a document of theirs cannot be read, or changed under every try to write it.</value>
    public IReadOnlyList<ScanId> Skipped { get; init; } = [];
}

/// <summary>
/// Storage is the truth and messages are hints: finds scans that wait for a result too long and asks again. Scans in
/// state received are left to the host's tries and its poison queue; after <see cref="ReconcilePolicy.ReceivedAge"/> they
/// fail, for the poison queue cannot name a blob that was replaced or deleted meanwhile. A preprocessed image without a status cannot be: the status is written before it.
/// </summary>
public sealed class ScanReconciler(StatusStore statuses, ScanBlobs blobs, ReconcilePolicy policy, TimeProvider clock)
{
    /// <exception cref="RequestFailedException">Storage failed before anything was changed.</exception>
    public async Task<ReconcileOutcome> ReconcileAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        List<ScanStatus> askAgain = [], givenUp = [];
        List<(ScanStatus, ScanMetrics)> completed = [];
        List<ScanId> skipped = [];
        RequestFailedException? interruption = null;
        var oldestWait = TimeSpan.Zero;
        try
        {
            var taken = 0;
            await foreach (var scan in statuses.Waiting.ListAsync(cancellationToken))
            {
                // What cannot be overdue, or is more than one run takes on, costs no more than its line in the listing.
                var isLookedAt = now > (scan.NotBefore ?? scan.Since + policy.Age) && taken < policy.MaxScans;
                var read = isLookedAt ? await ReadAsync(scan, now, skipped, cancellationToken) : null;
                if (isLookedAt && read is null)
                    continue;
                if (now - scan.Since > oldestWait)
                    oldestWait = now - scan.Since;
                if (read is null)
                    continue;
                taken++;
                if (IsOverdue(read, now) && await MoveOnAsync(scan.ScanId, now, skipped, cancellationToken) is var (status, metrics))
                {
                    if (metrics is not null)
                        completed.Add((status, metrics));
                    else
                        (status.IsTerminal ? givenUp : askAgain).Add(status);
                    read = status;
                }
                if (!read.IsTerminal && !IsOverdue(read, now))
                    await statuses.Waiting.PostponeAsync(scan, EarliestOverdue(read, now), cancellationToken);
            }
        }
        catch (Exception e) when (askAgain.Count + givenUp.Count + completed.Count > 0 && BlobAnswers.FaultIn(e) is not null)
        {
            interruption = BlobAnswers.FaultIn(e);
        }
        return new ReconcileOutcome(askAgain, givenUp, completed) { Interruption = interruption, Skipped = skipped, OldestWait = oldestWait };
    }

    /// <returns>Null where the marker is left over, by a writer that was cut off or a scan that was erased, or the document is broken.</returns>
    private async Task<ScanStatus?> ReadAsync(WaitingScan scan, DateTime now, List<ScanId> skipped, CancellationToken cancellationToken)
    {
        try
        {
            var status = (await statuses.FindAsync(scan.ScanId, cancellationToken))?.Status;
            if (status is { IsTerminal: false } && status.Replays == scan.Replays)
                return status;
            // Its writer may be about to write the status, unless that one has gone on already.
            var isPassed = status is not null && (status.Replays > scan.Replays || status.Replays == scan.Replays && status.IsTerminal);
            if (isPassed || now - scan.Since > policy.ReceivedAge)
                await statuses.Waiting.RemoveLeftOverAsync(scan, cancellationToken);
        }
        catch (JsonException)
        {
            skipped.Add(scan.ScanId);
        }
        return null;
    }

    private async Task<(ScanStatus Status, ScanMetrics? Metrics)?> MoveOnAsync(
        ScanId scan, DateTime now, List<ScanId> skipped, CancellationToken cancellationToken)
    {
        try
        {
            var metrics = await blobs.FindMetricsAsync(scan, cancellationToken);
            var changed = await statuses.ChangeAsync(
                scan, status => IsOverdue(status, now) ? Next(status, metrics, now) : null, cancellationToken);
            if (changed is not { Written: true, Stored.Status: var status })
                return null;
            // An intake that was cut off in the middle of its slice's erasure left it.
            if (status.State == ScanState.Failed && await blobs.Erased.TakeBackUploadAsync(scan, status.BlobName, cancellationToken))
                return null;
            return (status, metrics);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // One broken document must not hold up the scans after it, run after run.
            skipped.Add(scan);
            return null;
        }
    }

    private ScanStatus Next(ScanStatus status, ScanMetrics? metrics, DateTime now)
    {
        if (metrics is not null)
            return status.Completed(ScanResultSummary.Of(metrics), now);
        if (status.State == ScanState.Received)
            return status.Failed(Failures.Poisoned, now);
        return status.AttemptsInARow < policy.MaxAttempts
            ? status.Requested(status.Attempt + 1, now)
            : status.Failed(Failures.GaveUp(status.Attempt), now);
    }

    /// <returns>No later change of state can make it overdue before, except that of a slice still to be taken in.</returns>
    private DateTime EarliestOverdue(ScanStatus status, DateTime now)
    {
        if (status.State != ScanState.Received)
            return status.LastChange + policy.AgeOf(status.AttemptsInARow);
        var (asReceived, asRequested) = (status.LastChange + policy.ReceivedAge, now + policy.Age);
        return asReceived < asRequested ? asReceived : asRequested;
    }

    private bool IsOverdue(ScanStatus status, DateTime now) => status.State switch
    {
        ScanState.Received => now - status.LastChange > policy.ReceivedAge,
        ScanState.Preprocessed or ScanState.Segmenting => now - status.LastChange > policy.AgeOf(status.AttemptsInARow),
        _ => false,
    };
}
