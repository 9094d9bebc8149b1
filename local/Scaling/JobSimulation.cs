using System.Runtime.InteropServices;

namespace CtSeg.Local.Scaling;

/// <summary>
/// One day of the segmentation job, event by event. A scaler looks at the queue at fixed intervals and starts executions until there are
/// min(most, ceil(messages / messages per execution)) of them, those that still start or clean up included, as KEDA does for jobs; messages under
/// lock count as messages, as Service Bus counts them. An execution takes messages in batches, one slice after the other, and ends when none came
/// for the idle time. A message that comes while several wait goes to the one that has waited longest, so that a trickle keeps all of them: the
/// costliest way in which the service may deal them. Scans that have no result in time are asked for again (<see cref="ScanLooks"/>): one more message
/// each, which the job only reads where the scan has ended by then.
/// </summary>
/// <remarks>The same arguments give the same outcome, to the last bit.</remarks>
internal sealed class JobSimulation
{
    // The consumer receives again while so many slices are still in work.
    private const int InWorkAhead = 3;

    private readonly IReadOnlyList<QueuedSlice> _messages;
    private readonly Hardware _hardware;
    private readonly JobSettings _settings;
    private readonly ServiceTimes _times;
    private readonly Random _random;
    private readonly PriorityQueue<Event, (double At, long Order)> _events = new();
    private readonly Queue<int> _waiting = new();
    // Those that come again stand before all others, as their numbers are lower.
    private readonly Queue<int> _returned = new();
    private readonly LinkedList<Execution> _idle = [];
    private readonly ScanLooks _looks;
    // The messages of the first requests, then those of the repeated ones.
    private readonly List<Request> _requests;
    private readonly double[] _resultAt;
    private long _order;
    private double _now;
    private int _arrived, _settled, _held, _away, _live, _executions, _mostExecutions, _deepest, _attempts, _redelivered, _deadLettered, _spare;
    private double _billed, _worked, _spareSeconds;

    private JobSimulation(IReadOnlyList<QueuedSlice> messages, Hardware hardware, JobSettings settings, ServiceTimes times, int seed)
    {
        (_messages, _hardware, _settings, _times) = (messages, hardware, settings, times);
        _random = new Random(seed);
        _looks = new ScanLooks(messages, settings, seed);
        _requests = [.. Enumerable.Range(0, messages.Count).Select(scan => new Request(scan, 1))];
        _resultAt = new double[messages.Count];
        Array.Fill(_resultAt, double.NaN);
    }

    private enum Kind
    {
        Poll,
        Ready,
        SliceDone,
        IdleEnds,
        TimedOut,
        Killed,
        Gone,
        ComesAgain,
        Look,
    }

    /// <param name="messages">By the time at which they stand in the queue.</param>
    /// <param name="seed">Of failures, kills and the ids of scans; without any of the first two, and where no scan waits for long, it changes nothing.</param>
    public static DayOutcome Run(IReadOnlyList<QueuedSlice> messages, Hardware hardware, JobSettings settings, ServiceTimes times, int seed) =>
        new JobSimulation(messages, hardware, settings, times, seed).Run();

    private DayOutcome Run()
    {
        if (_messages.Count > 0)
            Schedule(PollAt(_messages[0].QueuedAt), Kind.Poll);
        ScheduleLook();
        while (_settled < _requests.Count || _live > 0)
        {
            // At the same moment messages come first, so that the scaler sees them.
            if (_arrived < _messages.Count && (!_events.TryPeek(out _, out var next) || _messages[_arrived].QueuedAt <= next.At))
            {
                _now = _messages[_arrived].QueuedAt;
                Arrive(_arrived++);
                continue;
            }
            _events.TryDequeue(out var what, out var due);
            _now = due.At;
            Happen(what);
        }
        return new DayOutcome(_resultAt, _executions, _mostExecutions, _billed, _worked, _deepest, _attempts, _redelivered, _deadLettered, _now)
        {
            Reconciled = new Reconciled(_looks.AskedAgain, _looks.GivenUp, _spare, _spareSeconds),
        };
    }

    private void Happen(Event what)
    {
        if (what.Kind == Kind.Poll)
            Poll();
        else if (what.Kind == Kind.Look)
            LookAtWaitingScans();
        else if (what.Kind == Kind.ComesAgain)
            ComeAgain(what.Message);
        else if (what.Kind is Kind.TimedOut or Kind.Killed)
            EndByForce(what.Execution!, killed: what.Kind == Kind.Killed);
        else if (what.Turn == what.Execution!.Turn)
            Proceed(what.Kind, what.Execution);
    }

    private void Proceed(Kind kind, Execution execution)
    {
        if (kind == Kind.Ready)
            Receive(execution, _times.ReceiveSeconds);
        else if (kind == Kind.SliceDone)
            FinishSlice(execution);
        else if (kind == Kind.IdleEnds)
            CleanUp(execution);
        else
            Leave(execution);
    }

    private void Arrive(int message)
    {
        _waiting.Enqueue(message);
        _deepest = Math.Max(_deepest, _waiting.Count + _returned.Count);
        WakeOne();
    }

    private void ComeAgain(int message)
    {
        _away--;
        _returned.Enqueue(message);
        _deepest = Math.Max(_deepest, _waiting.Count + _returned.Count);
        WakeOne();
    }

    private void WakeOne()
    {
        if (_idle.First is not { } first)
            return;
        _idle.RemoveFirst();
        Receive(first.Value, _times.ReceiveSeconds);
    }

    /// <returns>The scaler's first look at or after <paramref name="at"/>.</returns>
    private double PollAt(double at) => Math.Ceiling(at / _settings.PollingSeconds) * _settings.PollingSeconds;

    private void Poll()
    {
        var active = _waiting.Count + _returned.Count + _held + _away;
        var wanted = Math.Min(_settings.MaxExecutions, (active + _settings.MessagesPerExecution - 1) / _settings.MessagesPerExecution);
        for (var missing = wanted - _live; missing > 0; missing--)
            Launch();
        if (_settled == _requests.Count)
            return;
        var next = _now + _settings.PollingSeconds;
        // Looks at an empty queue change nothing.
        Schedule(active > 0 ? next : Math.Max(next, PollAt(_messages[_arrived].QueuedAt)), Kind.Poll);
    }

    private void LookAtWaitingScans()
    {
        foreach (var scan in _looks.Look(_now))
        {
            _requests.Add(new Request(scan, _looks.AttemptsOf(scan)));
            Arrive(_requests.Count - 1);
        }
        ScheduleLook();
    }

    private void ScheduleLook()
    {
        if (_looks.NextAfter(_now) is { } at)
            Schedule(at, Kind.Look);
    }

    private void Launch()
    {
        var execution = new Execution(_now);
        _executions++;
        _mostExecutions = Math.Max(_mostExecutions, ++_live);
        Schedule(_now + _times.StartSeconds + _hardware.LoadSeconds, Kind.Ready, execution);
        Schedule(_now + _settings.TimeoutSeconds, Kind.TimedOut, execution);
        if (_times.KillsPerHour > 0)
            Schedule(_now - Math.Log(1 - _random.NextDouble()) * 3600 / _times.KillsPerHour, Kind.Killed, execution);
    }

    private void Receive(Execution execution, double seconds)
    {
        execution.Turn++;
        while (execution.Held.Count < _settings.Batch && (_returned.TryDequeue(out var message) || _waiting.TryDequeue(out message)))
        {
            _requests[message].Deliveries++;
            _held++;
            execution.Held.Enqueue(message);
        }
        execution.State = execution.Held.Count > 0 ? ExecutionState.Working : ExecutionState.Idle;
        if (execution.State == ExecutionState.Working)
            BeginSlice(execution, seconds);
        else
        {
            _idle.AddLast(execution);
            Schedule(_now + _settings.IdleSeconds, Kind.IdleEnds, execution);
        }
    }

    private void BeginSlice(Execution execution, double after)
    {
        var scan = _requests[execution.Held.Peek()].Scan;
        execution.IsSpare = _looks.HasEnded(scan);
        if (!execution.IsSpare)
            _looks.Begin(scan, _now + after);
        Schedule(_now + after + (execution.IsSpare ? _times.EndedSeconds : _hardware.SecondsPerSlice), Kind.SliceDone, execution);
    }

    private void FinishSlice(Execution execution)
    {
        var message = execution.Held.Dequeue();
        _held--;
        if (execution.IsSpare)
            SettleSpare();
        else
            FinishWork(message);
        if (execution.Held.Count > 0)
            BeginSlice(execution, 0);
        else
            Receive(execution, Math.Max(0, _times.ReceiveSeconds - InWorkAhead * _hardware.SecondsPerSlice));
    }

    private void SettleSpare()
    {
        _settled++;
        _spare++;
        _spareSeconds += _times.EndedSeconds;
    }

    private void FinishWork(int message)
    {
        _attempts++;
        _worked += _hardware.SecondsPerSlice;
        if (_times.FailedAttempts > 0 && _random.NextDouble() < _times.FailedAttempts)
        {
            Return(message, PauseAfter(_requests[message].Deliveries));
            return;
        }
        _settled++;
        var scan = _requests[message].Scan;
        // Another execution, with another request for the same scan, may have been first.
        if (_looks.HasEnded(scan))
            return;
        _resultAt[scan] = _now + _times.StoreSeconds;
        _looks.End(scan);
    }

    // As the job waits before it abandons a message: doubled each time, a minute at most.
    private static double PauseAfter(int deliveries) => Math.Min(60, Math.Pow(2, deliveries - 1));

    private void EndByForce(Execution execution, bool killed)
    {
        if (execution.State is ExecutionState.CleaningUp or ExecutionState.Gone)
            return;
        // A job that is told to end gives its messages back; those of one that is killed come again when their locks end.
        foreach (var message in execution.Held)
            Return(message, killed ? _settings.LockSeconds : 0);
        _held -= execution.Held.Count;
        execution.Held.Clear();
        CleanUp(execution);
    }

    private void CleanUp(Execution execution)
    {
        if (execution.State == ExecutionState.Idle)
            _idle.Remove(execution);
        execution.State = ExecutionState.CleaningUp;
        execution.Turn++;
        Schedule(_now + _times.CleanUpSeconds, Kind.Gone, execution);
    }

    private void Leave(Execution execution)
    {
        execution.State = ExecutionState.Gone;
        _live--;
        _billed += _now - execution.LaunchedAt;
    }

    private void Return(int message, double after)
    {
        if (_requests[message].Deliveries >= _settings.MaxDeliveries)
        {
            DeadLetter(_requests[message]);
            return;
        }
        _redelivered++;
        _away++;
        _events.Enqueue(new Event(Kind.ComesAgain, null, 0, message), (_now + after, _order++));
    }

    private void DeadLetter(Request request)
    {
        _settled++;
        // A scan that was asked for again since is left to that request.
        if (_looks.HasEnded(request.Scan) || _looks.AttemptsOf(request.Scan) > request.Attempt)
            return;
        _looks.End(request.Scan);
        _deadLettered++;
    }

    private void Schedule(double at, Kind kind, Execution? execution = null) =>
        _events.Enqueue(new Event(kind, execution, execution?.Turn ?? 0, -1), (at, _order++));

    /// <summary>One message.</summary>
    private sealed class Request(int scan, int attempt)
    {
        public int Scan { get; } = scan;
        public int Attempt { get; } = attempt;
        public int Deliveries { get; set; }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Event(Kind Kind, Execution? Execution, int Turn, int Message);
}
