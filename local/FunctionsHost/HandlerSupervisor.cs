using CtSeg.Local.Processes;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Keeps the handler running: starts it, waits until it answers, starts it again when it ends; three errors in 30 minutes are too many.</summary>
internal sealed class HandlerSupervisor(Func<int, IHandlerProcess> start, HttpClient http, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    public const int ErrorLimit = 3;
    public static readonly TimeSpan ErrorWindow = TimeSpan.FromMinutes(30);
    public static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(25);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Queue<DateTimeOffset> _errors = [];
    private readonly Lock _lock = new();
    private TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _running;

    /// <value>Ends when stopped; faulted with <see cref="FunctionAppException"/> after too many errors.</value>
    public Task Completion => _running ?? Task.CompletedTask;

    /// <summary>Starts the handler and returns when it answers for the first time.</summary>
    /// <exception cref="FunctionAppException">It cannot be started, or failed three times.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _running = RunAsync(_stopping.Token);
        Task<Uri> ready = ReadyAsync(cancellationToken);
        if (await Task.WhenAny(ready, _running) == _running)
            await _running;
        await ready;
    }

    /// <summary>The address of the running handler; waits while it starts or restarts.</summary>
    public Task<Uri> ReadyAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            return _ready.Task.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_running is not null)
            await _running.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                string error = await RunOnceAsync(stopping);
                lock (_lock)
                    _ready = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
                CountError(error);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped: RunOnceAsync has killed the handler.
        }
    }

    private async Task<string> RunOnceAsync(CancellationToken stopping)
    {
        await using IHandlerProcess process = start(LoopbackPort.FindFree());
        using CancellationTokenSource limit = new(StartLimit, time);
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
        try
        {
            if (!await AnswersAsync(process, linked.Token))
                return await process.Exited + " before it answered";
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !stopping.IsCancellationRequested)
        {
            return $"the handler did not answer within {StartLimit.TotalSeconds:0} s";
        }

        HostLog.HandlerReady(logger, process.Address);
        lock (_lock)
            _ready.TrySetResult(process.Address);
        return await process.Exited.WaitAsync(stopping);
    }

    private async Task<bool> AnswersAsync(IHandlerProcess process, CancellationToken cancellationToken)
    {
        while (!process.Exited.IsCompleted)
        {
            try
            {
                // Any answer counts, 404 too.
                using HttpResponseMessage response = await http.GetAsync(process.Address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                return true;
            }
            catch (HttpRequestException)
            {
                await Task.WhenAny(process.Exited, Task.Delay(ProbeInterval, time, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        return false;
    }

    /// <exception cref="FunctionAppException">It was one too many.</exception>
    private void CountError(string error)
    {
        DateTimeOffset now = time.GetUtcNow();
        _errors.Enqueue(now);
        while (now - _errors.Peek() > ErrorWindow)
            _errors.Dequeue();
        HostLog.HandlerError(logger, _errors.Count, ErrorLimit, ErrorWindow, error);
        if (_errors.Count >= ErrorLimit)
            throw new FunctionAppException($"The handler failed {ErrorLimit} times within {ErrorWindow.TotalMinutes:0} minutes, so the host stops; last: {error}.");
    }
}
