using System.Collections.Concurrent;
using System.Threading.Channels;
using Amqp;
using CtSeg.ServiceBus.Connections;

namespace CtSeg.ServiceBus.Queues;

/// <summary>
/// A link from a queue while it lasts. Credit is given only for what a caller asks for and for the prefetch. What
/// comes too late for its caller and beyond the prefetch waits a moment for the next call and is then released,
/// which the service does not count as a delivery.
/// </summary>
internal sealed class ReceivingLink : IReopenable
{
    /// <summary>Messages of one burst follow each other within this time: then no more are at hand.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private readonly Channel<Message> _arrived = Channel.CreateUnbounded<Message>();
    private readonly ConcurrentDictionary<Guid, Message> _unsettled = new();
    private readonly SemaphoreSlim _oneReader = new(1, 1);
    private readonly Lock _gate = new();
    private readonly Session _session;
    private readonly ReceiverLink _link;
    private readonly TimeProvider _time;
    private readonly ITimer _patience;
    private readonly int _prefetch;
    private bool _isWaiting;
    private int _outstanding;

    private ReceivingLink(Session session, ReceiverLink link, int prefetch, TimeProvider time)
    {
        _session = session;
        _link = link;
        _prefetch = prefetch;
        _time = time;
        _patience = time.CreateTimer(static self => ((ReceivingLink)self!).ReleaseSurplus(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _link.Start(0, OnMessage);
        // Messages that came are still ours to settle: locks outlive links.
        _link.AddClosedCallback((_, _) => _arrived.Writer.TryComplete());
        GiveCredit(prefetch);
    }

    public bool IsClosed => _link.IsClosed && _arrived.Reader.Count == 0;

    public static async Task<ReceivingLink> OpenAsync(
        LiveConnection connection, string queue, int prefetch, TimeProvider time, CancellationToken cancellationToken)
    {
        var session = await connection.OpenSessionAsync(queue, cancellationToken);
        try
        {
            return new ReceivingLink(session, await Links.AttachReceiverAsync(session, queue, replyTo: null, cancellationToken), prefetch, time);
        }
        catch
        {
            Links.CloseQuietly(session);
            throw;
        }
    }

    /// <returns>None after <paramref name="maxWait"/>, or if the link was closed.</returns>
    public async Task<List<Message>> ReceiveAsync(int maxMessages, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        var messages = new List<Message>();
        if (!await _oneReader.WaitAsync(maxWait, cancellationToken))
            return messages;
        try
        {
            GiveCredit(maxMessages, isWaiting: true);
            var wait = maxWait;
            while (messages.Count < maxMessages && await WaitForArrivalAsync(wait, cancellationToken))
            {
                while (messages.Count < maxMessages && _arrived.Reader.TryRead(out var message))
                    messages.Add(message);
                wait = Quiet;
            }
            return messages;
        }
        finally
        {
            StopWaiting();
            _oneReader.Release();
        }
    }

    /// <summary>
    /// The service settled the message by request; this ends the delivery on the link, where both sides still keep it.
    /// Its lock token is no longer known, so that the disposition means nothing else.
    /// </summary>
    public void Forget(Guid lockToken)
    {
        if (_unsettled.TryRemove(lockToken, out var message))
            TryOnLink(() => _link.Accept(message));
    }

    public ValueTask DisposeAsync()
    {
        _patience.Dispose();
        while (_arrived.Reader.TryRead(out var message))
            Release(message);
        Links.CloseQuietly(_link);
        Links.CloseQuietly(_session);
        return ValueTask.CompletedTask;
    }

    // Runs on the thread that reads from the connection.
    private void OnMessage(IReceiverLink link, Message message)
    {
        _unsettled[MessageEncoding.LockToken(message)] = message;
        lock (_gate)
        {
            _outstanding--;
            if (!_arrived.Writer.TryWrite(message))
                return;
            LimitSurplus();
        }
    }

    private async Task<bool> WaitForArrivalAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        var arrival = _arrived.Reader.WaitToReadAsync(CancellationToken.None);
        if (arrival.IsCompleted)
            return await arrival;
        using var timeout = new CancellationTokenSource(wait, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await arrival.AsTask().WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private void GiveCredit(int wanted, bool isWaiting = false)
    {
        int missing;
        lock (_gate)
        {
            _isWaiting |= isWaiting;
            missing = Math.Max(wanted, _prefetch) - _arrived.Reader.Count - _outstanding;
            if (missing <= 0)
                return;
            _outstanding += missing;
        }
        TryOnLink(() => _link.SetCredit(missing, CreditMode.Manual));
    }

    private void StopWaiting()
    {
        lock (_gate)
        {
            _isWaiting = false;
            LimitSurplus();
        }
        GiveCredit(_prefetch);
    }

    private void LimitSurplus()
    {
        if (!_isWaiting && _arrived.Reader.Count > _prefetch)
            _patience.Change(Patience, Timeout.InfiniteTimeSpan);
    }

    private void ReleaseSurplus()
    {
        var surplus = new List<Message>();
        lock (_gate)
        {
            while (!_isWaiting && _arrived.Reader.Count > _prefetch && _arrived.Reader.TryRead(out var message))
                surplus.Add(message);
        }
        surplus.ForEach(Release);
    }

    private void Release(Message message)
    {
        _unsettled.TryRemove(MessageEncoding.LockToken(message), out _);
        TryOnLink(() => _link.Release(message));
    }

    private static void TryOnLink(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (Faults.Translate(e) is not null)
        {
            // The link is gone, and its deliveries with it.
        }
    }
}
