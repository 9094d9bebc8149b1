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
/// <param name="MaxScans">One run reads, left-over markers and broken documents included; the next run takes the rest.</param>
public sealed record ReconcilePolicy(TimeSpan Age, int MaxAttempts, int MaxScans)
{
    /// <value>No request is waited for longer, unless <see cref="Age"/> is.</value>
    public static TimeSpan LongestAge { get; } = TimeSpan.FromDays(1);

    /// <value>A scan in state received for longer is given up: the host's tries are long used up. 24 hours unless set.</value>
    public TimeSpan ReceivedAge { get; init; } = TimeSpan.FromHours(24);

    /// <value>
    /// After it the host ends the function, whose messages are then never sent; <c>functionTimeout</c> in host.json. A run takes no more scans after half
    /// of it, and gives up a request to storage that hangs after four fifths.
    /// </value>
    public static TimeSpan FunctionTimeout { get; } = TimeSpan.FromMinutes(5);

    internal static TimeSpan MarkingTime => FunctionTimeout / 4;

    internal static TimeSpan TakingTime => FunctionTimeout / 2;

    internal static TimeSpan StorageTime => FunctionTimeout * 0.8;

    /// <param name="attempt">From 1, since the scan was taken in or asked for again by an operator.</param>
    /// <returns>How long that request may be without a change.</returns>
    public TimeSpan AgeOf(int attempt)
    {
        var longest = Age > LongestAge ? Age : LongestAge;
        var doublings = Math.Clamp(attempt - 1, 0, 30);
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

    /// <value>The run ended early, before the host ends it; the next run goes on.</value>
    public bool IsOutOfTime { get; init; }

    /// <value>How long the scan has waited that has no result for the longest time, of those that were looked at; zero where none waits.</value>
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
    /// <exception cref="OperationCanceledException">It was cancelled, or storage hung before anything was changed.</exception>
    public async Task<ReconcileOutcome> ReconcileAsync(CancellationToken cancellationToken)
    {
        var look = new Look(clock.GetUtcNow().UtcDateTime);
        var start = clock.GetTimestamp();
        using var hangs = new CancellationTokenSource(ReconcilePolicy.StorageTime, clock);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, hangs.Token);
        try
        {
            await statuses.MarkOlderAsync(() => clock.GetElapsedTime(start) > ReconcilePolicy.MarkingTime, ends.Token);
            await foreach (var scan in statuses.Waiting.ListAsync(ends.Token))
            {
                if (clock.GetElapsedTime(start) > ReconcilePolicy.TakingTime)
                {
                    look.IsOutOfTime = true;
                    break;
                }
                // What cannot be overdue, or is more than one run takes on, costs no more than its line in the listing.
                var isTaken = look.Now > (scan.NotBefore ?? scan.Since + policy.Age) && look.Taken < policy.MaxScans;
                if (isTaken ? await TakeAsync(scan, look, ends.Token) : !scan.IsUnread)
                    look.Waits(scan);
            }
        }
        catch (Exception e) when (look.HasChanged && BlobAnswers.FaultIn(e) is not null)
        {
            look.Interruption = BlobAnswers.FaultIn(e);
        }
        catch (OperationCanceledException) when (look.HasChanged && hangs.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            look.IsOutOfTime = true;
        }
        return look.Outcome;
    }

    /// <returns>False where nothing waits, or what waits cannot be read.</returns>
    private async Task<bool> TakeAsync(WaitingScan scan, Look look, CancellationToken cancellationToken)
    {
        look.Taken++;
        try
        {
            var status = (await statuses.FindAsync(scan.ScanId, cancellationToken))?.Status;
            if (status is not { IsTerminal: false } || status.Replays != scan.Replays)
            {
                await LeaveOutAsync(scan, status, look.Now, cancellationToken);
                return false;
            }
            if (IsOverdue(status, look.Now) && await MoveOnAsync(scan.ScanId, look.Now, cancellationToken) is var (moved, metrics))
            {
                look.Add(moved, metrics);
                status = moved;
            }
            if (!status.IsTerminal && !IsOverdue(status, look.Now))
                await statuses.Waiting.PostponeAsync(scan, EarliestOverdue(status, look.Now), cancellationToken);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // One broken document must not hold up the scans after it, run after run.
            look.Skipped.Add(scan.ScanId);
            await PostponeUnreadAsync(scan, look.Now, look.Now + ReconcilePolicy.LongestAge, cancellationToken);
            return false;
        }
    }

    /// <summary>The marker is left over, by a writer that was cut off or a scan that was erased, or its writer is about to write the status.</summary>
    private Task LeaveOutAsync(WaitingScan scan, ScanStatus? status, DateTime now, CancellationToken cancellationToken)
    {
        // Unless the scan has gone on already, its writer may still come.
        var isPassed = status is not null && (status.Replays > scan.Replays || status.Replays == scan.Replays && status.IsTerminal);
        var goes = scan.Since + policy.ReceivedAge;
        return isPassed || now > goes
            ? statuses.Waiting.RemoveLeftOverAsync(scan, cancellationToken)
            : PostponeUnreadAsync(scan, now, goes, cancellationToken);
    }

    /// <summary>For as long as it has been there, so that many of them do not take the places of others run after run. A writer that comes late marks its scan anew.</summary>
    private Task PostponeUnreadAsync(WaitingScan scan, DateTime now, DateTime latest, CancellationToken cancellationToken)
    {
        var next = now + (now - scan.Since < policy.Age ? policy.Age : now - scan.Since);
        return statuses.Waiting.PostponeAsync(scan, next < latest ? next : latest, cancellationToken, isUnread: true);
    }

    private async Task<(ScanStatus Status, ScanMetrics? Metrics)?> MoveOnAsync(ScanId scan, DateTime now, CancellationToken cancellationToken)
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

    /// <summary>One run, as far as it has come.</summary>
    private sealed class Look(DateTime now)
    {
        private readonly List<ScanStatus> _askAgain = [], _givenUp = [];
        private readonly List<(ScanStatus, ScanMetrics)> _completed = [];
        private TimeSpan _oldestWait;

        public DateTime Now { get; } = now;
        public int Taken { get; set; }
        public List<ScanId> Skipped { get; } = [];
        public RequestFailedException? Interruption { get; set; }
        public bool IsOutOfTime { get; set; }

        /// <value>There is something to announce, whatever comes after.</value>
        public bool HasChanged => _askAgain.Count + _givenUp.Count + _completed.Count > 0;

        public ReconcileOutcome Outcome =>
            new(_askAgain, _givenUp, _completed) { Interruption = Interruption, IsOutOfTime = IsOutOfTime, Skipped = Skipped, OldestWait = _oldestWait };

        public void Waits(WaitingScan scan)
        {
            if (Now - scan.Since > _oldestWait)
                _oldestWait = Now - scan.Since;
        }

        public void Add(ScanStatus moved, ScanMetrics? metrics)
        {
            if (metrics is not null)
                _completed.Add((moved, metrics));
            else
                (moved.IsTerminal ? _givenUp : _askAgain).Add(moved);
        }
    }
}
