using CtSeg.ServiceBus;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>
/// A message under peek-lock whose lock is renewed in the background, at half of its remaining time, from receipt to
/// disposal: while it waits, while it is worked on, and while it is held back after a fault.
/// </summary>
internal sealed class HeldMessage : IAsyncDisposable
{
    // Floors of the pause between renewals; the second also where the clocks here and there disagree.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PauseAfterExpiry = TimeSpan.FromSeconds(1);

    private readonly IMessageReceiver _receiver;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _released = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly Task _renewing;

    public HeldMessage(ReceivedMessage message, IMessageReceiver receiver, TimeProvider time, ILogger logger)
    {
        (Message, _receiver, _time, _logger) = (message, receiver, time, logger);
        _renewing = RenewUntilReleasedAsync(message.LockedUntil);
    }

    public ReceivedMessage Message { get; }

    /// <value>Cancelled when the service says that the message is no longer ours.</value>
    public CancellationToken LockLost => _lost.Token;

    public async ValueTask DisposeAsync()
    {
        await _released.CancelAsync();
        await _renewing;
        _released.Dispose();
        _lost.Dispose();
    }

    private async Task RenewUntilReleasedAsync(DateTimeOffset lockedUntil)
    {
        while (await PauseAsync(lockedUntil))
        {
            try
            {
                lockedUntil = await _receiver.RenewLockAsync(Message, _released.Token);
            }
            catch (MessageLockLostException)
            {
                _logger.LockLost(Message.SequenceNumber);
                await _lost.CancelAsync();
                return;
            }
            catch (OperationCanceledException) when (_released.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is ServiceBusException or TimeoutException or IOException or OperationCanceledException)
            {
                // Only the service knows whether the lock still holds: go on asking.
                _logger.RenewalFailed(Message.SequenceNumber, e.Message);
            }
        }
    }

    /// <returns>False when the message was released.</returns>
    private async Task<bool> PauseAsync(DateTimeOffset lockedUntil)
    {
        var half = (lockedUntil - _time.GetUtcNow()) / 2;
        var pause = half <= TimeSpan.Zero ? PauseAfterExpiry : half < ShortestPause ? ShortestPause : half;
        try
        {
            await Task.Delay(pause, _time, _released.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
