namespace CtSeg.Local.ServiceBus.Store;

/// <summary>
/// A queue with the semantics of Service Bus: peek-lock, deferral, scheduling, expiry, duplicate detection and
/// dead-lettering. Safe for concurrent use. Time passes only by the <see cref="TimeProvider"/>; one timer, armed for
/// the earliest deadline, so an idle queue costs nothing.
/// </summary>
internal sealed class MessageQueue : IDisposable
{
    /// <summary>The least time between two timer calls, so that a crowd of deadlines is served at once.</summary>
    private static readonly TimeSpan TimerGrain = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan PruneGrain = TimeSpan.FromSeconds(1);
    /// <summary>Longer waits overflow the timer; it fires early and is armed again.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly QueueSettings _settings;
    private readonly MessageQueue? _deadLetters;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly QueueIndex _index = new();
    private readonly DuplicateHistory? _history;
    private readonly List<IMessageWaiter> _waiters = [];
    private List<(QueueEntry Entry, string? Reason, string? Description)>? _deadLettered;
    private DateTimeOffset _timerDue = DateTimeOffset.MaxValue;
    private long _lastSequenceNumber;

    /// <param name="settings">The properties of the queue.</param>
    /// <param name="deadLetters">Where messages go that cannot be delivered; null for a dead-letter queue, which keeps everything.</param>
    /// <param name="time">The clock of locks, schedules and expiry.</param>
    public MessageQueue(QueueSettings settings, MessageQueue? deadLetters, TimeProvider time)
    {
        _settings = settings;
        _deadLetters = deadLetters;
        _time = time;
        _history = settings.RequiresDuplicateDetection ? new DuplicateHistory(settings.DuplicateDetectionHistoryTimeWindow) : null;
        _timer = time.CreateTimer(static queue => ((MessageQueue)queue!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public string Name => _settings.Name;

    /// <value>Messages in any state.</value>
    public int Count => Read(() => _index.Count);

    /// <value>Message ids that duplicate detection remembers.</value>
    public int HistoryCount => Read(() => _history?.Count ?? 0);

    /// <returns>The sequence number; that of the earlier message if this one is a duplicate and was dropped.</returns>
    public long Enqueue(MessageContent content) => Change(now => Accept(content, now, () => Append(content, now)));

    public long Schedule(MessageContent content, DateTimeOffset at) => Change(now => Accept(content, now, () =>
    {
        if (at <= now)
            return Append(content, now);
        var entry = new QueueEntry(content, ++_lastSequenceNumber, now);
        _index.Add(entry, MessageState.Scheduled, at);
        return entry.SequenceNumber;
    }));

    /// <returns>False if no such message is scheduled (any more).</returns>
    public bool CancelScheduled(long sequenceNumber) => Change(_ =>
    {
        if (_index.Find(sequenceNumber) is not { State: MessageState.Scheduled } entry)
            return false;
        _index.Remove(entry);
        return true;
    });

    /// <returns>The next active message, or null if there is none.</returns>
    public MessageSnapshot? Take(ReceiveMode mode) => Change(now => TakeFirst(mode, now));

    /// <summary>As <see cref="Take"/>, but if there is none, <paramref name="waiter"/> is told once when there may be one.</summary>
    public MessageSnapshot? TakeOrWait(ReceiveMode mode, IMessageWaiter waiter) => Change(now =>
    {
        var taken = TakeFirst(mode, now);
        if (taken is null && !_waiters.Contains(waiter))
            _waiters.Add(waiter);
        return taken;
    });

    public void StopWaiting(IMessageWaiter waiter)
    {
        lock (_gate)
            _waiters.Remove(waiter);
    }

    /// <returns>The deferred messages with these numbers, or null (and none taken) if any is not there.</returns>
    public IReadOnlyList<MessageSnapshot>? TakeDeferred(IReadOnlyCollection<long> sequenceNumbers, ReceiveMode mode) => Change(now =>
    {
        var entries = sequenceNumbers.Distinct().Select(_index.Find).ToList();
        return entries.TrueForAll(entry => entry is { State: MessageState.Deferred })
            ? entries.ConvertAll(entry => Deliver(entry!, mode, now))
            : null;
    });

    /// <summary>Messages of any state, from a sequence number on, without locking them.</summary>
    public IReadOnlyList<MessageSnapshot> Peek(long fromSequenceNumber, int maxMessages) =>
        Change(_ => _index.From(fromSequenceNumber).Take(maxMessages).Select(entry => entry.Snapshot()).ToList());

    /// <returns>False if the lock ran out: the same for all settlements.</returns>
    public bool Complete(Guid lockToken) => Settle(lockToken, (entry, _) => _index.Remove(entry));

    public bool Abandon(Guid lockToken, IReadOnlyDictionary<string, object>? properties = null) =>
        Settle(lockToken, (entry, now) =>
        {
            entry.Change(properties);
            Return(entry, now, countsAsAttempt: true);
        });

    /// <summary>Gives the message back as if it had not been delivered.</summary>
    public bool Release(Guid lockToken) => Settle(lockToken, (entry, now) => Return(entry, now, countsAsAttempt: false));

    public bool Defer(Guid lockToken, IReadOnlyDictionary<string, object>? properties = null) =>
        Settle(lockToken, (entry, _) =>
        {
            entry.Change(properties);
            entry.IsDeferred = true;
            Defer(entry);
        });

    public bool DeadLetter(Guid lockToken, string? reason, string? description, IReadOnlyDictionary<string, object>? properties = null) =>
        Settle(lockToken, (entry, now) =>
        {
            entry.Change(properties);
            if (_deadLetters is null)
                Return(entry, now, countsAsAttempt: true);
            else
                MoveToDeadLetters(entry, reason, description);
        });

    /// <returns>The new end of the lock, or null if it had run out.</returns>
    public DateTimeOffset? RenewLock(Guid lockToken) => Change(now =>
    {
        if (_index.FindLocked(lockToken) is not { } entry)
            return (DateTimeOffset?)null;
        _index.Move(entry, MessageState.Locked, now + _settings.LockDuration);
        return entry.Deadline;
    });

    public void Dispose() => _timer.Dispose();

    private long Accept(MessageContent content, DateTimeOffset now, Func<long> add)
    {
        if (_history is null || content.MessageId is null)
            return add();
        if (_history.TryFind(content.MessageId, out var earlier))
            return earlier;
        var sequenceNumber = add();
        _history.Remember(content.MessageId, sequenceNumber, now);
        return sequenceNumber;
    }

    private long Append(MessageContent content, DateTimeOffset now)
    {
        var timeToLive = content.TimeToLive is { } own && own < _settings.DefaultMessageTimeToLive ? own : _settings.DefaultMessageTimeToLive;
        var entry = new QueueEntry(content, ++_lastSequenceNumber, now)
        {
            ExpiresAt = timeToLive < DateTimeOffset.MaxValue - now ? now + timeToLive : DateTimeOffset.MaxValue,
        };
        _index.Add(entry, MessageState.Active, entry.ExpiresAt);
        return entry.SequenceNumber;
    }

    private void AppendDeadLetter(QueueEntry dead, string source, DateTimeOffset now) =>
        _index.Add(
            WithChanges(new QueueEntry(dead.Content, ++_lastSequenceNumber, now)
            {
                DeadLetterSource = source,
                EnqueuedSequenceNumber = dead.SequenceNumber,
                DeliveryCount = dead.DeliveryCount,
            }, dead.ChangedProperties),
            MessageState.Active,
            DateTimeOffset.MaxValue);

    private static QueueEntry WithChanges(QueueEntry entry, IReadOnlyDictionary<string, object> changes)
    {
        entry.Change(changes);
        return entry;
    }

    private MessageSnapshot? TakeFirst(ReceiveMode mode, DateTimeOffset now) =>
        _index.FirstReady is { } entry ? Deliver(entry, mode, now) : null;

    private MessageSnapshot Deliver(QueueEntry entry, ReceiveMode mode, DateTimeOffset now)
    {
        if (mode == ReceiveMode.ReceiveAndDelete)
        {
            _index.Remove(entry);
            return entry.Snapshot();
        }
        entry.LockToken = Guid.NewGuid();
        _index.Move(entry, MessageState.Locked, now + _settings.LockDuration);
        return entry.Snapshot();
    }

    private bool Settle(Guid lockToken, Action<QueueEntry, DateTimeOffset> settle) => Change(now =>
    {
        if (_index.FindLocked(lockToken) is not { } entry)
            return false;
        settle(entry, now);
        return true;
    });

    private void Return(QueueEntry entry, DateTimeOffset now, bool countsAsAttempt)
    {
        if (countsAsAttempt)
            entry.DeliveryCount++;
        if (_deadLetters is not null && entry.DeliveryCount >= _settings.MaxDeliveryCount)
            MoveToDeadLetters(entry, "MaxDeliveryCountExceeded", $"Message could not be consumed after {entry.DeliveryCount} delivery attempts.");
        else if (entry.IsDeferred)
            Defer(entry);
        else if (entry.ExpiresAt <= now)
            Expire(entry);
        else
            Leave(entry, MessageState.Active, entry.ExpiresAt);
    }

    // As in the service, a deferred message does not expire.
    private void Defer(QueueEntry entry) => Leave(entry, MessageState.Deferred, DateTimeOffset.MaxValue);

    private void Leave(QueueEntry entry, MessageState state, DateTimeOffset deadline)
    {
        _index.Move(entry, state, deadline);
        entry.LockToken = Guid.Empty;
    }

    private void Expire(QueueEntry entry)
    {
        if (_settings.DeadLetteringOnMessageExpiration && _deadLetters is not null)
            MoveToDeadLetters(entry, "TTLExpiredException", "The message expired and was dead lettered.");
        else
            _index.Remove(entry);
    }

    private void MoveToDeadLetters(QueueEntry entry, string? reason, string? description)
    {
        _index.Remove(entry);
        (_deadLettered ??= []).Add((entry, reason, description));
    }

    private void PassDeadlines(DateTimeOffset now)
    {
        _history?.Prune(now);
        while (_index.FirstDue(now) is { } entry)
        {
            switch (entry.State)
            {
                case MessageState.Locked:
                    Return(entry, now, countsAsAttempt: true);
                    break;
                case MessageState.Scheduled:
                    // The service numbers a scheduled message anew when its time comes.
                    _index.Remove(entry);
                    Append(entry.Content, now);
                    break;
                default:
                    Expire(entry);
                    break;
            }
        }
    }

    private void OnTimer() => Change(_ =>
    {
        _timerDue = DateTimeOffset.MaxValue;
        return true;
    });

    private T Read<T>(Func<T> read)
    {
        lock (_gate)
            return read();
    }

    /// <summary>Every change: past deadlines first, then the change, then, outside the lock, what others must be told.</summary>
    private T Change<T>(Func<DateTimeOffset, T> change)
    {
        T result;
        List<(QueueEntry, string?, string?)>? deadLettered;
        IMessageWaiter[] waiters;
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            PassDeadlines(now);
            result = change(now);
            ArmTimer(now);
            deadLettered = _deadLettered;
            _deadLettered = null;
            waiters = [];
            if (_index.HasReady && _waiters.Count > 0)
            {
                waiters = [.. _waiters];
                _waiters.Clear();
            }
        }
        if (deadLettered is not null)
            _deadLetters!.AcceptDeadLetters(deadLettered, Name);
        foreach (var waiter in waiters)
            waiter.OnMessagesAvailable();
        return result;
    }

    private void AcceptDeadLetters(List<(QueueEntry Entry, string? Reason, string? Description)> dead, string source) => Change(now =>
    {
        foreach (var (entry, reason, description) in dead)
        {
            entry.Change(DeadLetterProperties(reason, description));
            AppendDeadLetter(entry, source, now);
        }
        return true;
    });

    private static Dictionary<string, object> DeadLetterProperties(string? reason, string? description)
    {
        var properties = new Dictionary<string, object>();
        if (reason is not null)
            properties["DeadLetterReason"] = reason;
        if (description is not null)
            properties["DeadLetterErrorDescription"] = description;
        return properties;
    }

    private void ArmTimer(DateTimeOffset now)
    {
        var due = _index.NextDeadline;
        if (_history is { NextPrune: var prune } && prune < DateTimeOffset.MaxValue - PruneGrain && prune + PruneGrain < due)
            due = prune + PruneGrain;
        if (due >= _timerDue)
            return;
        _timerDue = due;
        var wait = due - now;
        _timer.Change(wait < TimerGrain ? TimerGrain : wait > LongestTimer ? LongestTimer : wait, Timeout.InfiniteTimeSpan);
    }
}
