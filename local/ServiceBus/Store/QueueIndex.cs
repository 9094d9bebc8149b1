namespace CtSeg.Local.ServiceBus.Store;

/// <summary>The messages of one queue by sequence number, by deadline, by lock and by readiness, kept in step. Not thread-safe.</summary>
internal sealed class QueueIndex
{
    private readonly Dictionary<long, QueueEntry> _entries = [];
    private readonly SortedSet<long> _order = [];
    private readonly SortedSet<long> _ready = [];
    private readonly Dictionary<Guid, QueueEntry> _locked = [];
    private readonly SortedSet<(DateTimeOffset Deadline, long SequenceNumber)> _deadlines = [];

    public int Count => _entries.Count;
    public bool HasReady => _ready.Count > 0;
    public DateTimeOffset NextDeadline => _deadlines.Count > 0 ? _deadlines.Min.Deadline : DateTimeOffset.MaxValue;

    public QueueEntry? FirstReady => _ready.Count > 0 ? _entries[_ready.Min] : null;

    public QueueEntry? FirstDue(DateTimeOffset now) => NextDeadline <= now ? _entries[_deadlines.Min.SequenceNumber] : null;

    public QueueEntry? Find(long sequenceNumber) => _entries.GetValueOrDefault(sequenceNumber);

    public QueueEntry? FindLocked(Guid lockToken) => _locked.GetValueOrDefault(lockToken);

    public IEnumerable<QueueEntry> From(long sequenceNumber) =>
        _order.GetViewBetween(sequenceNumber, long.MaxValue).Select(number => _entries[number]);

    public void Add(QueueEntry entry, MessageState state, DateTimeOffset deadline)
    {
        _entries.Add(entry.SequenceNumber, entry);
        _order.Add(entry.SequenceNumber);
        Enter(entry, state, deadline);
    }

    public void Move(QueueEntry entry, MessageState state, DateTimeOffset deadline)
    {
        Leave(entry);
        Enter(entry, state, deadline);
    }

    public void Remove(QueueEntry entry)
    {
        Leave(entry);
        _entries.Remove(entry.SequenceNumber);
        _order.Remove(entry.SequenceNumber);
    }

    private void Enter(QueueEntry entry, MessageState state, DateTimeOffset deadline)
    {
        entry.State = state;
        entry.Deadline = deadline;
        if (deadline != DateTimeOffset.MaxValue)
            _deadlines.Add((deadline, entry.SequenceNumber));
        if (state == MessageState.Active)
            _ready.Add(entry.SequenceNumber);
        else if (state == MessageState.Locked)
            _locked.Add(entry.LockToken, entry);
    }

    private void Leave(QueueEntry entry)
    {
        _deadlines.Remove((entry.Deadline, entry.SequenceNumber));
        if (entry.State == MessageState.Active)
            _ready.Remove(entry.SequenceNumber);
        else if (entry.State == MessageState.Locked)
            _locked.Remove(entry.LockToken);
    }
}
