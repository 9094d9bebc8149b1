namespace CtSeg.Local.Scaling;

/// <summary>What asking again came to in one day.</summary>
/// <param name="AskedAgain">Requests beyond the first of a scan.</param>
/// <param name="GivenUp">Scans.</param>
/// <param name="Spare">Messages that the job took although their scan had ended.</param>
/// <param name="SpareSeconds">Of executions, for them.</param>
internal sealed record Reconciled(int AskedAgain, int GivenUp, int Spare, double SpareSeconds);

/// <summary>
/// The functions' look at scans without a result (ScanReconciler): in the order of their ids, which has nothing to do with their age, it reads
/// those that may be overdue until it has as many as one look takes on, asks again for those that are or gives them up, and notes of each when it
/// may be overdue next.
/// </summary>
/// <param name="messages">By the time at which they stand in the queue; a scan is told by its place among them.</param>
/// <param name="seed">Of the ids.</param>
internal sealed class ScanLooks(IReadOnlyList<QueuedSlice> messages, JobSettings settings, int seed)
{
    private readonly double[] _ages = [.. Enumerable.Range(1, settings.Reconcile.MaxAttempts).Select(attempt => settings.Reconcile.AgeOf(attempt).TotalSeconds)];
    private readonly double[] _changedAt = [.. messages.Select(message => message.QueuedAt)];
    private readonly int[] _attempts = [.. Enumerable.Repeat(1, messages.Count)];
    private readonly bool[] _begun = new bool[messages.Count];
    private readonly bool[] _ended = new bool[messages.Count];
    // Zero where no look has noted anything yet.
    private readonly double[] _notBefore = new double[messages.Count];
    // Most days need none.
    private int[]? _byId;
    private int _oldest;

    public int AskedAgain { get; private set; }
    public int GivenUp { get; private set; }

    public bool HasEnded(int scan) => _ended[scan];

    /// <returns>Requests of the scan so far.</returns>
    public int AttemptsOf(int scan) => _attempts[scan];

    /// <summary>The job begins on it; a second begin after the same request changes nothing.</summary>
    public void Begin(int scan, double now)
    {
        if (_begun[scan])
            return;
        _begun[scan] = true;
        _changedAt[scan] = now;
    }

    public void End(int scan) => _ended[scan] = true;

    /// <returns>When the next look finds something old enough; null when all scans have ended. Looks before it change nothing.</returns>
    public double? NextAfter(double now)
    {
        if (OldestWaiting() is not { } oldest)
            return null;
        var old = Math.Max(now, oldest + _ages[0]);
        return (Math.Floor(old / settings.ReconcileSeconds) + 1) * settings.ReconcileSeconds;
    }

    /// <returns>Scans that are asked for again.</returns>
    public IReadOnlyList<int> Look(double now)
    {
        List<int> again = [];
        // It may have ended since the look was scheduled.
        if (now - OldestWaiting() <= _ages[0])
            return again;
        var read = 0;
        foreach (var scan in _byId ??= ById())
        {
            if (scan < _oldest || _ended[scan] || now <= Math.Max(_notBefore[scan], messages[scan].QueuedAt + _ages[0]))
                continue;
            if (now - _changedAt[scan] > AgeOf(scan))
            {
                if (_attempts[scan] < _ages.Length)
                    again.Add(AskAgain(scan, now));
                else
                    GiveUp(scan);
            }
            _notBefore[scan] = _changedAt[scan] + AgeOf(scan);
            if (++read == settings.Reconcile.MaxScans)
                break;
        }
        return again;
    }

    private double AgeOf(int scan) => _ages[_attempts[scan] - 1];

    /// <returns>When the oldest scan without a result was asked for first; null when all have ended.</returns>
    private double? OldestWaiting()
    {
        while (_oldest < _ended.Length && _ended[_oldest])
            _oldest++;
        return _oldest < _ended.Length ? messages[_oldest].QueuedAt : null;
    }

    private int AskAgain(int scan, double now)
    {
        _attempts[scan]++;
        _changedAt[scan] = now;
        _begun[scan] = false;
        AskedAgain++;
        return scan;
    }

    private void GiveUp(int scan)
    {
        _ended[scan] = true;
        GivenUp++;
    }

    private int[] ById()
    {
        int[] order = [.. Enumerable.Range(0, messages.Count)];
        new Random(seed).Shuffle(order);
        return order;
    }
}
