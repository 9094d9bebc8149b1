using CtSeg.Contracts;
using CtSeg.ServiceBus;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>How the consumer came to its end.</summary>
internal enum ConsumerEnd
{
    Idle,
    Stopped,
    ModelBroken,
}

/// <summary>
/// Receives requests in batches and keeps a few slices in work at once: one in the model, the next being fetched, the
/// one before being written. Ends when there was no work for a while, or when told to.
/// </summary>
internal sealed class SegmentationConsumer(
    IMessageReceiver receiver, MessageHandler handler, ConsumerLimits limits, TimeProvider time, ILogger<SegmentationConsumer> logger) : IDisposable
{
    // One in the model, one ready for it, one being fetched, one being written: pictures of no more are in memory.
    private const int MaxInWork = 4;

    private readonly PatientReceiver _patient = new(receiver, Queues.SegmentationRequests, limits.MaxWait, time, logger);
    private readonly SemaphoreSlim _places = new(MaxInWork);
    private readonly CancellationTokenSource _broken = new();
    private readonly List<Task> _inWork = [];
    private long _lastWork;

    /// <param name="stopping">Ends receiving; slices whose mask is begun are finished, all others given back.</param>
    /// <exception cref="ServiceBusException">The queue is refused or stayed out of reach.</exception>
    public async Task<ConsumerEnd> RunAsync(CancellationToken stopping)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping, _broken.Token);
        using var abort = new CancellationTokenSource();
        _lastWork = time.GetTimestamp();
        IReadOnlyList<HeldMessage> waiting = [];
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var batch = await _patient.ReceiveAsync(limits.Batch, () => limits.Idle - time.GetElapsedTime(Interlocked.Read(ref _lastWork)), stop.Token);
                if (batch.Count == 0 && IsIdle())
                {
                    logger.Idle(limits.Idle.TotalSeconds);
                    return ConsumerEnd.Idle;
                }
                // Held from now on: the last of a batch waits for all before it.
                waiting = [.. batch.Select(message => new HeldMessage(message, receiver, time, logger))];
                while (waiting.Count > 0)
                {
                    await _places.WaitAsync(stop.Token);
                    var next = waiting[0];
                    waiting = [.. waiting.Skip(1)];
                    Begin(next, stop.Token, abort.Token);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop while waiting for a message or for a place.
        }
        catch (ServiceBusException)
        {
            await DrainAsync(waiting, abort);
            throw;
        }
        await DrainAsync(waiting, abort);
        return _broken.IsCancellationRequested ? ConsumerEnd.ModelBroken : ConsumerEnd.Stopped;
    }

    public void Dispose()
    {
        _places.Dispose();
        _broken.Dispose();
    }

    private bool IsIdle()
    {
        lock (_inWork)
            return _inWork.All(task => task.IsCompleted) && time.GetElapsedTime(Interlocked.Read(ref _lastWork)) >= limits.Idle;
    }

    private void Begin(HeldMessage message, CancellationToken stopping, CancellationToken abort)
    {
        lock (_inWork)
        {
            _inWork.RemoveAll(task => task.IsCompleted);
            // Off this loop at once: decoding must not delay the next receipt.
            _inWork.Add(Task.Run(() => RunOneAsync(message, stopping, abort), CancellationToken.None));
        }
    }

    private async Task RunOneAsync(HeldMessage message, CancellationToken stopping, CancellationToken abort)
    {
        try
        {
            if (!await handler.HandleAsync(message, stopping, abort))
            {
                logger.ModelBroken();
                await _broken.CancelAsync();
            }
        }
        finally
        {
            Interlocked.Exchange(ref _lastWork, time.GetTimestamp());
            _places.Release();
        }
    }

    private async Task DrainAsync(IReadOnlyList<HeldMessage> waiting, CancellationTokenSource abort)
    {
        Task[] inWork;
        lock (_inWork)
            inWork = [.. _inWork.Where(task => !task.IsCompleted)];
        if (inWork.Length + waiting.Count > 0)
            logger.Draining(inWork.Length, waiting.Count);
        var all = Task.WhenAll([.. inWork, .. waiting.Select(message => handler.GiveBackAsync(message, abort.Token))]);
        try
        {
            await all.WaitAsync(limits.Drain, time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            logger.DrainTimedOut(inWork.Count(task => !task.IsCompleted));
            await abort.CancelAsync();
        }
    }
}
