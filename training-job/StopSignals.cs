using System.Runtime.InteropServices;
using CtSeg.Processes;

namespace CtSeg.TrainingJob;

/// <summary>Ctrl-C or SIGTERM stops in order, a second one at once, and so does the end of the parent process.</summary>
internal sealed class StopSignals : IDisposable
{
    // 128 + the number of the signal, as shells say it.
    private const int TerminatedExitCode = 143;
    private const int ParentGoneExitCode = 1;

    private readonly CancellationTokenSource _stopping = new();
    private readonly IReadOnlyList<IDisposable?> _registrations;

    public StopSignals()
    {
        var lifeline = ParentLifeline.Watch(() => Environment.Exit(ParentGoneExitCode));
        // With a parent Ctrl-C is the parent's: it decides the order of stopping.
        _registrations = lifeline is null
            ? [PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop), PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop)]
            : [PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop), lifeline];
    }

    public CancellationToken Stopping => _stopping.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration?.Dispose();
        _stopping.Dispose();
    }

    private void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        if (_stopping.IsCancellationRequested)
            Environment.Exit(TerminatedExitCode);
        _stopping.Cancel();
    }
}
