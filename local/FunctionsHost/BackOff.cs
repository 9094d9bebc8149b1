using Azure;
using Azure.Identity;
using CtSeg.ServiceBus;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Keeps a trigger's loop alive while its source is out of reach: waits 1, 2, 4 ... at most 30 s between tries.</summary>
internal sealed class BackOff(string function, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Maximum = TimeSpan.FromSeconds(30);
    private TimeSpan _delay = TimeSpan.FromSeconds(1);

    public void Reset() => _delay = TimeSpan.FromSeconds(1);

    /// <summary>Whether waiting and trying again may cure it.</summary>
    public static bool IsSourceError(Exception e) =>
        e is RequestFailedException or ServiceBusException or IOException or HttpRequestException or AuthenticationFailedException
        || (e is AggregateException many && many.InnerExceptions.All(IsSourceError));

    public async Task WaitAsync(Exception e, CancellationToken cancellationToken)
    {
        HostLog.TriggerOutOfReach(logger, function, _delay, e.Message.Split('\n')[0].Trim());
        TimeSpan delay = _delay;
        _delay = delay * 2 > Maximum ? Maximum : delay * 2;
        await Task.Delay(delay, time, cancellationToken);
    }
}
