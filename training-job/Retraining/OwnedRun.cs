using CtSeg.Telemetry;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>
/// A run that this process has claimed. Beats in the background until it is released; notices there, and at every write, that somebody cancelled the run
/// or took it over.
/// </summary>
internal sealed class OwnedRun : IAsyncDisposable
{
    private readonly TrainingRunStore _runs;
    private readonly TimeSpan _beatEvery;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _interrupted = new();
    private readonly CancellationTokenSource _released = new();

    // What one write has brought must be noticed before the next begins: of two answers the later one may come first.
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Task _beating;
    private volatile TrainingRunStatus _status;
    private volatile bool _isLost;

    /// <param name="claimed">As it stands after the claim.</param>
    public OwnedRun(TrainingRunStatus claimed, TrainingRunStore runs, TimeSpan beatEvery, TimeProvider time, ILogger logger)
    {
        (_status, Owner, _runs, _beatEvery, _time, _logger) = (claimed, claimed.Beat!.Owner, runs, beatEvery, time, logger);
        Notice(claimed);
        _beating = BeatUntilReleasedAsync();
    }

    public string Id => _status.Id;

    /// <value>A random id of this process.</value>
    public string Owner { get; }

    /// <value>As last read or written.</value>
    public TrainingRunStatus Status => _status;

    /// <value>Another job has the run, or it was ended from outside: nothing more may be written.</value>
    public bool IsLost => _isLost;

    /// <value>Somebody asked to cancel, and it is not too late.</value>
    public bool IsCancelled => _status is { CancelRequested: true, AliasMoveId: null };

    /// <value>Cancelled when the run is lost or to be cancelled.</value>
    public CancellationToken Interrupted => _interrupted.Token;

    /// <exception cref="TrainingRunLostException">The run is no longer ours.</exception>
    public async Task<TrainingRunStatus> ChangeAsync(Func<TrainingRunStatus, TrainingRunStatus>? change, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var changed = await _runs.ChangeOwnAsync(Id, Owner, change, cancellationToken);
            Notice(changed);
            return changed;
        }
        catch (Exception e) when (e is TrainingRunLostException or DamagedTrainingRunException)
        {
            Lose();
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <exception cref="TrainingRunLostException">The run is no longer ours.</exception>
    public async Task<TrainingRunStatus> EndAsync(TrainingRunState state, string reason, CancellationToken cancellationToken)
    {
        await StopBeatingAsync();
        return _status = await _runs.EndOwnAsync(Id, Owner, run => run.Ended(state, reason, UtcNow()), cancellationToken);
    }

    /// <summary>Gives the run back until it is asked for again, unless somebody asked to cancel it: then it stays ours, to be ended.</summary>
    /// <returns>False where it stays ours.</returns>
    public async Task<bool> TryLeaveAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (!await _runs.TryLeaveAsync(Id, Owner, cancellationToken))
                return false;
            // A beat that waits for its turn would find a run that is no longer ours.
            await _released.CancelAsync();
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Gives the run back: any job may go on with it at once.</summary>
    public async Task ReleaseAsync(Func<TrainingRunStatus, TrainingRunStatus>? change, CancellationToken cancellationToken)
    {
        await StopBeatingAsync();
        await _runs.ReleaseAsync(Id, Owner, change, cancellationToken);
    }

    /// <summary>Between two steps.</summary>
    /// <exception cref="OperationCanceledException">The run is lost or cancelled, or the process is to stop.</exception>
    public void ThrowIfInterrupted(CancellationToken stopping)
    {
        _interrupted.Token.ThrowIfCancellationRequested();
        stopping.ThrowIfCancellationRequested();
    }

    /// <summary>One part of the run, in telemetry.</summary>
    /// <param name="stage">One of <see cref="StageNames"/>.</param>
    public async Task<T> InStageAsync<T>(string stage, Func<Task<T>> work)
    {
        using var begun = Stage.Begin(stage, _time);
        var made = await work();
        begun.Done();
        return made;
    }

    public DateTime UtcNow() => _time.GetUtcNow().UtcDateTime;

    public async ValueTask DisposeAsync()
    {
        await StopBeatingAsync();
        _turn.Dispose();
        _released.Dispose();
        _interrupted.Dispose();
    }

    private async Task StopBeatingAsync()
    {
        await _released.CancelAsync();
        await _beating;
    }

    private async Task BeatUntilReleasedAsync()
    {
        try
        {
            while (!_isLost)
            {
                await Task.Delay(_beatEvery, _time, _released.Token);
                await BeatAsync();
            }
        }
        catch (OperationCanceledException) when (_released.IsCancellationRequested)
        {
            // The run ended, or is given back.
        }
    }

    private async Task BeatAsync()
    {
        try
        {
            await ChangeAsync(change: null, _released.Token);
        }
        catch (Exception e) when (e is TrainingRunLostException or DamagedTrainingRunException)
        {
            _logger.RunLost(Id, e.Message);
        }
        catch (Exception e) when (!_released.IsCancellationRequested && (Verdict.IsOutage(e) || e is InvalidOperationException))
        {
            // Whether another took over meanwhile, the next write tells.
            _logger.BeatFailed(Id, e.GetType().Name);
        }
    }

    private void Notice(TrainingRunStatus read)
    {
        _status = read;
        if (IsCancelled)
            _interrupted.Cancel();
    }

    private void Lose()
    {
        _isLost = true;
        _interrupted.Cancel();
    }
}
