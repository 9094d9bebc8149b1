using Amqp;
using Amqp.Listener;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>
/// A link on which the emulator sends: sends while there is credit and something to send, answers drains.
/// Sending happens on the thread pool, one run at a time, never under a lock and never on the thread of the
/// connection that brought the message.
/// </summary>
/// <remarks>
/// The credit is counted here: the library's own count is set to zero by every flow that adds none (an echo, a
/// drain), while its <see cref="FlowContext.Messages"/> goes on from that zero.
/// </remarks>
internal abstract class CreditedLink(ListenerLink link) : LinkEndpoint, IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Running = 1;
    private const int RunAgain = 2;

    private readonly Lock _gate = new();
    private int _pump = Idle;
    private int _sent;
    private int _limit;
    /// <summary>What the library takes for the limit: differs from ours after a flow that added no credit.</summary>
    private int _libraryLimit;
    private bool _draining;

    protected ListenerLink Link { get; } = link;

    protected bool IsClosed => Link.IsClosed;

    public override void OnFlow(FlowContext flowContext)
    {
        lock (_gate)
        {
            _limit = _libraryLimit + flowContext.Messages;
            _libraryLimit = flowContext.Messages <= 0 ? _sent : _limit;
            _draining = Link.IsDraining;
        }
        Pump();
    }

    public override void OnDisposition(DispositionContext dispositionContext) { }

    void IThreadPoolWorkItem.Execute()
    {
        do
        {
            Volatile.Write(ref _pump, Running);
            while (HasCredit() && TrySendNext()) { }
            FinishDrain();
        }
        while (Interlocked.CompareExchange(ref _pump, Idle, Running) != Running);
    }

    /// <summary>Looks for something to send, soon, on another thread.</summary>
    protected void Pump()
    {
        if (Interlocked.Exchange(ref _pump, RunAgain) == Idle)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <returns>Whether a message went out; false if there is none at hand or the link is gone.</returns>
    protected abstract bool TrySendNext();

    /// <returns>False if the link is gone.</returns>
    protected bool TrySend(Message message, ByteBuffer? encoded)
    {
        lock (_gate)
            _sent++;
        try
        {
            Link.SendMessage(message, encoded);
            return true;
        }
        catch (Exception e) when (e is AmqpException or ObjectDisposedException)
        {
            lock (_gate)
                _sent--;
            return false;
        }
    }

    private bool HasCredit()
    {
        lock (_gate)
            return _limit - _sent > 0 && !IsClosed;
    }

    private void FinishDrain()
    {
        lock (_gate)
        {
            if (!_draining)
                return;
            _draining = false;
            _limit = _libraryLimit = _sent;
        }
        try
        {
            // The library's CompleteDrain answers with drain=false and counts wrongly after a flow that added no credit.
            Link.SetCredit(0, drain: true, autoRestore: false);
        }
        catch (AmqpException)
        {
            // The link is being closed: nobody waits for the answer.
        }
    }
}
