using System.Diagnostics.CodeAnalysis;
using CtSeg.Contracts;
using CtSeg.ServiceBus;
using CtSeg.Telemetry;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>
/// Takes requests one by one. A request is held, its lock renewed, until its run has ended: a job that is killed leaves it to the next one. So that a run
/// that is killed often is not dead-lettered, a request that came back often is replaced by a new one.
/// </summary>
internal sealed class RetrainConsumer(
    IMessageReceiver receiver, TrainingRunStore runs, RetrainingSteps steps, RetrainEvents events, RetrainLimits limits, string owner, TimeProvider time,
    ILogger<RetrainConsumer> logger)
{
    private const string UnreadableReason = "unreadable-message";
    // In telemetry; the log says by what.
    private const string Interrupted = "interrupted";

    // Far below any queue's limit: each kill costs a delivery.
    private const int ReplacedFromDelivery = 3;
    private readonly PatientReceiver _patient = new(receiver, Queues.TrainingRequests, limits.MaxWait, time, logger);

    /// <param name="stopping">Ends the work at the next step of a training; the run is released and its request given back.</param>
    /// <exception cref="ServiceBusException">The queue is refused or stayed out of reach.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        logger.Ready();
        var lastWork = time.GetTimestamp();
        try
        {
            while (!stopping.IsCancellationRequested && time.GetElapsedTime(lastWork) < limits.Idle)
            {
                foreach (var message in await _patient.ReceiveAsync(1, () => limits.Idle - time.GetElapsedTime(lastWork), stopping))
                {
                    await HandleAsync(message, stopping);
                    lastWork = time.GetTimestamp();
                    if (limits.Once)
                        return;
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop while waiting for a request.
        }
    }

    private async Task HandleAsync(ReceivedMessage message, CancellationToken stopping)
    {
        await using var held = new HeldMessage(message, receiver, time, logger);
        if (!TrainingRequestReader.TryRead(message.Body.Span, out var request, out var problem))
        {
            logger.Unreadable(message.SequenceNumber, problem);
            await SettleAsync(held, () => receiver.DeadLetterAsync(message, UnreadableReason, problem, CancellationToken.None));
            return;
        }
        using var span = DeliverySpan.Start(Queues.TrainingRequests, request, message);
        span?.SetTag(TelemetryAttributes.RunId, request.Data.RunId);
        var since = time.GetTimestamp();
        for (var failures = 1; ; failures++)
        {
            var isRepeated = failures > 1 || message.DeliveryCount > 1;
            var (settlement, problemOfTry) = await TryAsync(held, request.Data.RunId, isRepeated, stopping);
            if (problemOfTry is null || stopping.IsCancellationRequested || time.GetElapsedTime(since) >= Patience.Limit)
            {
                span.Settled(settlement);
                if (problemOfTry is not null)
                    span.Fail(Interrupted);
                await SettleAsync(held, () => settlement == Settlement.Complete
                    ? receiver.CompleteAsync(message, CancellationToken.None)
                    : receiver.AbandonAsync(message, CancellationToken.None));
                return;
            }
            span.TriedAgain(Interrupted);
            logger.Interrupted(request.Data.RunId, problemOfTry);
            await PauseAsync(Patience.PauseInPlace(failures), stopping);
        }
    }

    /// <returns>How the message is settled, and what kept the run from going on for now; null where nothing did.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "Boundary of one message: a fault of the program must not end the process, or the message would stay locked.")]
    private async Task<(Settlement Settlement, string? Problem)> TryAsync(HeldMessage held, string run, bool isRepeated, CancellationToken stopping)
    {
        var message = held.Message;
        try
        {
            var (claim, status) = await ClaimAsync(held, run, stopping);
            switch (claim)
            {
                case TrainingRunClaim.Claimed when message.DeliveryCount >= ReplacedFromDelivery:
                    await ReplaceAsync(run, stopping);
                    return (Settlement.Complete, null);
                case TrainingRunClaim.Claimed:
                    await WorkAsync(status!, stopping);
                    return (Settlement.Complete, null);
                case TrainingRunClaim.Ended when isRepeated:
                    // Whoever ended it may have been killed before it said so.
                    await steps.TellAsync(status!, stopping);
                    return (Settlement.Complete, null);
                default:
                    logger.NothingToDo(message.SequenceNumber, claim.ToString());
                    return (Settlement.Complete, null);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested || held.LockLost.IsCancellationRequested)
        {
            return (Settlement.Abandon, null);
        }
        catch (Exception e) when (e is TrainingRunLostException or DamagedTrainingRunException)
        {
            logger.RunLost(run, e.Message);
            return (Settlement.Complete, null);
        }
        catch (Exception e) when (Verdict.IsOutage(e))
        {
            return (Settlement.Abandon, Verdict.Describe(e));
        }
        catch (ServiceBusException e)
        {
            // The bus refuses this process, whatever the message.
            Spans.Current.Settled(Settlement.Abandon);
            Spans.Current.Fail(e);
            await SettleAsync(held, () => receiver.AbandonAsync(message, CancellationToken.None));
            throw;
        }
        catch (Exception e)
        {
            logger.Failed(run, e);
            return (Settlement.Abandon, e.GetType().Name);
        }
    }

    /// <summary>Another job's run is waited for until its beat is old, which means that the job is gone, or is renewed: then that job holds a request of its own.</summary>
    private async Task<ClaimedTrainingRun> ClaimAsync(HeldMessage held, string run, CancellationToken stopping)
    {
        RunBeat? first = null;
        while (true)
        {
            var claimed = await runs.ClaimAsync(run, owner, stopping);
            if (claimed.Claim != TrainingRunClaim.Held)
                return claimed;
            var beat = claimed.Run!.Beat;
            if (first is null)
                logger.Held(run);
            else if (beat != first)
                return claimed;
            first ??= beat;
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, held.LockLost);
            await Task.Delay(limits.BeatEvery, time, either.Token);
        }
    }

    /// <summary>The new request first: a kill between the two leaves both, and one of them finds no work.</summary>
    private async Task ReplaceAsync(string run, CancellationToken stopping)
    {
        await runs.ReleaseAsync(run, owner, status => status.RequestedAgain(time.GetUtcNow().UtcDateTime), stopping);
        if (await runs.FindAsync(run, stopping) is { Run: { HasEnded: false } status })
            await events.RequestedAsync(status, stopping);
    }

    [SuppressMessage("Design", "CA1031", Justification = "Boundary of one run: a fault of the program must end the run with a reason instead of coming back without end.")]
    private async Task WorkAsync(TrainingRunStatus claimed, CancellationToken stopping)
    {
        await using var run = new OwnedRun(claimed, runs, limits.BeatEvery, time, logger);
        logger.Taken(run.Id, run.Status.State);
        try
        {
            await steps.ExecuteAsync(run, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !run.IsLost)
        {
            await run.ReleaseAsync(change: null, CancellationToken.None);
            throw;
        }
        catch (Exception e) when (!run.IsLost && !run.Status.HasEnded && e is not TrainingRunLostException && !Verdict.IsOutage(e))
        {
            logger.Failed(run.Id, e);
            await steps.FailAsync(run, $"It failed inside the program ({e.GetType().Name}); the log of the job says more.", stopping);
        }
    }

    /// <summary>A settlement that fails is left to the end of the lock: the message comes again and finds its work done.</summary>
    private async Task SettleAsync(HeldMessage held, Func<Task> settle)
    {
        if (held.LockLost.IsCancellationRequested)
            return;
        try
        {
            await settle();
        }
        catch (Exception e) when (e is ServiceBusException or TimeoutException or IOException or OperationCanceledException)
        {
            logger.NotSettled(held.Message.SequenceNumber, Settlement.Leave, e.Message);
        }
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken stopping)
    {
        try
        {
            await Task.Delay(pause, time, stopping);
        }
        catch (OperationCanceledException)
        {
            // The message is given back at the next try.
        }
    }
}
