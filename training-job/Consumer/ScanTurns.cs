using CtSeg.Contracts;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>
/// Lets one message of a scan work at a time: the second of two attempts then finds the result of the first instead of
/// computing it again. Saves work; correctness rests on the conditional writes.
/// </summary>
internal sealed class ScanTurns
{
    private readonly Dictionary<ScanId, Task> _last = [];

    /// <returns>Dispose it to end the turn.</returns>
    public async Task<IDisposable> EnterAsync(ScanId scan, CancellationToken cancellationToken)
    {
        var mine = new Turn(this, scan);
        Task? previous;
        lock (_last)
        {
            _last.TryGetValue(scan, out previous);
            _last[scan] = previous is null ? mine.Ended : Task.WhenAll(previous, mine.Ended);
            mine.Tail = _last[scan];
        }
        if (previous is null)
            return mine;
        try
        {
            await previous.WaitAsync(cancellationToken);
            return mine;
        }
        catch (OperationCanceledException)
        {
            mine.Dispose();
            throw;
        }
    }

    private void Forget(ScanId scan, Task tail)
    {
        lock (_last)
            if (_last.TryGetValue(scan, out var last) && last == tail)
                _last.Remove(scan);
    }

    private sealed class Turn(ScanTurns turns, ScanId scan) : IDisposable
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;
        public Task Tail { get; set; } = Task.CompletedTask;

        public void Dispose()
        {
            _ended.TrySetResult();
            // With nobody waiting before it, the whole chain has ended.
            if (Tail == Ended || Tail.IsCompleted)
                turns.Forget(scan, Tail);
        }
    }
}
