namespace CtSeg.Local.Processes;

/// <summary>
/// Keeps one program running: starts it again when it ends, whether by itself (a job that found nothing to do) or by a
/// crash. Gives up after so many crashes in <see cref="CrashWindow"/>.
/// </summary>
internal sealed class Supervisor : IAsyncDisposable
{
    public const int DefaultMaxCrashes = 5;
    public static readonly TimeSpan CrashWindow = TimeSpan.FromSeconds(30);
    // A program that ends well but at once would otherwise be started for ever.
    private static readonly TimeSpan ShortestRun = TimeSpan.FromSeconds(0.5);

    private readonly Func<ChildProcess> _start;
    private readonly int _maxCrashes;
    private readonly TimeProvider _time;
    private readonly Queue<DateTimeOffset> _crashes = new();
    private readonly Task _watching;
    private volatile ChildProcess _current;
    private volatile bool _stopping;

    public Supervisor(Func<ChildProcess> start, int maxCrashes, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(start);
        _start = start;
        _maxCrashes = maxCrashes;
        _time = time;
        _current = start();
        _watching = WatchAsync();
    }

    public ChildProcess Current => _current;

    /// <value>How often the program was started again.</value>
    public int Restarts { get; private set; }

    /// <summary>Ends with <see cref="StartFailedException"/> when the program keeps crashing; otherwise when stopped.</summary>
    public Task Watching => _watching;

    public async Task StopAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        _stopping = true;
        await _current.StopAsync(patience, _time, cancellationToken);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        await _current.DisposeAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task WatchAsync()
    {
        while (true)
        {
            var started = _time.GetTimestamp();
            var code = await _current.Exited;
            if (_stopping)
                return;
            if (code != 0 || _time.GetElapsedTime(started) < ShortestRun)
                CountCrash(code);
            _current = _start();
            Restarts++;
            // A stop that came while it was starting hit the one before.
            if (_stopping)
                _current.Kill();
        }
    }

    private void CountCrash(int code)
    {
        var now = _time.GetUtcNow();
        _crashes.Enqueue(now);
        while (now - _crashes.Peek() > CrashWindow)
            _crashes.Dequeue();
        if (_crashes.Count >= _maxCrashes)
            throw new StartFailedException(
                $"{_current.Command.Name} ended {_maxCrashes} times within {CrashWindow.TotalSeconds:0} s, at last with code {code}; what it said is in {_current.Command.LogFile}");
    }
}
