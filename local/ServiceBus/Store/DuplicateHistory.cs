namespace CtSeg.Local.ServiceBus.Store;

/// <summary>The message ids accepted within a time window. Forgets older ones, so that its size is bounded by the rate of sending.</summary>
internal sealed class DuplicateHistory(TimeSpan window)
{
    private readonly Dictionary<string, long> _sequenceNumbers = new(StringComparer.Ordinal);
    private readonly Queue<(string MessageId, DateTimeOffset Forget)> _order = new();

    public int Count => _sequenceNumbers.Count;

    /// <value>When there will be something to forget; never if empty.</value>
    public DateTimeOffset NextPrune => _order.TryPeek(out var oldest) ? oldest.Forget : DateTimeOffset.MaxValue;

    public bool TryFind(string messageId, out long sequenceNumber) => _sequenceNumbers.TryGetValue(messageId, out sequenceNumber);

    public void Remember(string messageId, long sequenceNumber, DateTimeOffset now)
    {
        _sequenceNumbers[messageId] = sequenceNumber;
        _order.Enqueue((messageId, now + window));
    }

    public void Prune(DateTimeOffset now)
    {
        while (_order.TryPeek(out var oldest) && oldest.Forget <= now)
        {
            _order.Dequeue();
            _sequenceNumbers.Remove(oldest.MessageId);
        }
    }
}
