using System.Runtime.InteropServices;

namespace CtSeg.Local.Processes;

/// <summary>Ctrl-C, SIGTERM, a closed terminal: the first asks to stop in order, the second to stop at once.</summary>
internal sealed class StopRequests : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _now = new();
    private readonly List<PosixSignalRegistration> _registrations;

    public StopRequests() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
    ];

    /// <value>Cancelled at the first request.</value>
    public CancellationToken Stop => _stop.Token;

    /// <value>Cancelled at the second request.</value>
    public CancellationToken Now => _now.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _stop.Dispose();
        _now.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_stop.IsCancellationRequested)
            _now.Cancel();
        else
            _stop.Cancel();
    }
}
