using CtSeg.ServiceBus;
using CtSeg.Telemetry;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Waits for messages, and waits out what keeps them away for a while.</summary>
/// <param name="queue">That the messages are received from.</param>
/// <param name="longestWait">Of one wait.</param>
internal sealed class PatientReceiver(IMessageReceiver receiver, string queue, TimeSpan longestWait, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(100);

    /// <param name="left">Until the caller has been idle for too long; asked before every try.</param>
    /// <exception cref="ServiceBusException">The queue is refused or stayed out of reach.</exception>
    public async Task<IReadOnlyList<ReceivedMessage>> ReceiveAsync(int most, Func<TimeSpan> left, CancellationToken stopping)
    {
        var since = time.GetTimestamp();
        for (var failures = 1; ; failures++)
        {
            try
            {
                var messages = await receiver.ReceiveAsync(most, Bounded(left()), stopping);
                foreach (var message in messages)
                    Meters.Received(queue, time.GetUtcNow() - message.EnqueuedTime);
                return messages;
            }
            catch (ServiceBusException e) when (e.IsTransient && time.GetElapsedTime(since) < Patience.Limit)
            {
                var pause = Patience.PauseInPlace(failures);
                logger.ReceiveFailed(e.Message, pause.TotalSeconds);
                await Task.Delay(pause, time, stopping);
            }
        }
    }

    private TimeSpan Bounded(TimeSpan wait)
    {
        var bounded = wait < longestWait ? wait : longestWait;
        return bounded > ShortestWait ? bounded : ShortestWait;
    }
}
