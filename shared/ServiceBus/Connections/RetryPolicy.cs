namespace CtSeg.ServiceBus.Connections;

/// <summary>Tries again after transient faults, with waits that double and a random part of up to half of them.</summary>
internal sealed class RetryPolicy(ServiceBusClientOptions options)
{
    private readonly Random _jitter = new(options.JitterSeed ?? Environment.ProcessId);

    public TimeProvider Time => options.TimeProvider;

    /// <exception cref="ServiceBusException">A fault that will not go away, or the last one of the last try.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the service answered.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var timeout = new CancellationTokenSource(options.OperationTimeout, Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            ServiceBusException fault;
            try
            {
                return await attempt(either.Token);
            }
            catch (Exception e) when (Faults.Translate(e) is not null)
            {
                fault = Faults.Translate(e)!;
            }
            // A refusal that comes together with a cancellation is an answer, and is told as one.
            if (fault.IsTransient)
                cancellationToken.ThrowIfCancellationRequested();
            if (!fault.IsTransient || tries >= options.MaxAttempts)
                throw fault;
            await Task.Delay(DelayAfter(tries), Time, cancellationToken);
        }
    }

    internal TimeSpan DelayAfter(int tries)
    {
        var delay = Math.Min(options.FirstDelay.TotalMilliseconds * Math.Pow(2, tries - 1), options.LongestDelay.TotalMilliseconds);
        lock (_jitter)
            return TimeSpan.FromMilliseconds(delay * (1 - _jitter.NextDouble() / 2));
    }
}
