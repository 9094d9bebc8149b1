namespace CtSeg.TrainingJob.Tests.Consumer.Fakes;

/// <summary>The outward steps of one process, in their order; it can be made to die, or to meet a fault, at any of them.</summary>
internal sealed class Effects
{
    private readonly Lock _lock = new();
    private readonly List<string> _done = [];
    private int _started;
    private bool _dead;

    /// <value>Dies right after this step took effect, before it hears of it; 0 before the first.</value>
    public int? DiesAfter { get; init; }

    /// <value>Called before a step with its number, from 1; may throw.</value>
    public Action<int, string>? Before { get; set; }

    /// <value>Called after a step took effect; may throw.</value>
    public Action<int, string>? After { get; set; }

    public IReadOnlyList<string> Done
    {
        get
        {
            lock (_lock)
                return [.. _done];
        }
    }

    public TaskCompletionSource Died { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Never ends for a dead process.</summary>
    public async Task NothingWhenDeadAsync(CancellationToken cancellationToken)
    {
        bool dead;
        lock (_lock)
            dead = _dead;
        if (dead)
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
    }

    /// <summary>A dead process takes no further step and hears of none.</summary>
    public async Task<T> StepAsync<T>(string name, Func<T> effect, CancellationToken cancellationToken)
    {
        var result = default(T)!;
        var number = 0;
        bool alive;
        lock (_lock)
        {
            if (DiesAfter == 0)
                _dead = true;
            alive = !_dead;
            if (alive)
            {
                number = ++_started;
                Before?.Invoke(number, name);
                result = effect();
                _done.Add(name);
                if (number == DiesAfter)
                {
                    _dead = true;
                    alive = false;
                }
            }
        }
        if (!alive)
        {
            Died.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }
        After?.Invoke(number, name);
        return result;
    }
}
