using Amqp;
using Amqp.Listener;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>What one connection may touch, and until when. Links whose claim runs out without renewal are closed.</summary>
internal sealed class ConnectionClaims : IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, DateTimeOffset> _grants = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<ListenerLink, string> _links = [];
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    public ConnectionClaims(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static claims => ((ConnectionClaims)claims!).CloseExpired(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Grant(string path, DateTimeOffset expiresAt)
    {
        lock (_gate)
        {
            _grants[path] = expiresAt;
            ArmTimer();
        }
    }

    /// <summary>Whether the connection may use what is at the path now; if so, the link is watched from now on.</summary>
    public bool TryUse(string path, ListenerLink link)
    {
        lock (_gate)
        {
            if (!IsGranted(path))
                return false;
            _links[link] = path;
        }
        link.AddClosedCallback((_, _) => Forget(link));
        return true;
    }

    public void Dispose() => _timer.Dispose();

    private bool IsGranted(string path)
    {
        var now = _time.GetUtcNow();
        return _grants.Any(grant => grant.Value > now && EntityPath.IsWithin(path, grant.Key));
    }

    private void Forget(ListenerLink link)
    {
        lock (_gate)
            _links.Remove(link);
    }

    private void CloseExpired()
    {
        List<ListenerLink> expired;
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            foreach (var path in _grants.Where(grant => grant.Value <= now).Select(grant => grant.Key).ToList())
                _grants.Remove(path);
            expired = _links.Where(link => !IsGranted(link.Value)).Select(link => link.Key).ToList();
            ArmTimer();
        }
        foreach (var link in expired)
            CloseLink(link);
    }

    private static void CloseLink(ListenerLink link)
    {
        try
        {
            link.Close(TimeSpan.Zero, Errors.Of(ErrorCode.UnauthorizedAccess, "The token is expired: put a new one on the $cbs link before the old one ends."));
        }
        catch (AmqpException)
        {
            // It was being closed already.
        }
    }

    private void ArmTimer()
    {
        if (_grants.Count == 0)
            return;
        var wait = _grants.Values.Min() - _time.GetUtcNow();
        _timer.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait > LongestTimer ? LongestTimer : wait + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }
}
