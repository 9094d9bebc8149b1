using System.Diagnostics;
using System.Globalization;

namespace CtSeg.EndToEnd.Tests.Harness;

/// <summary>As long as it is not disposed of a process stands still, like a service that hangs. Not on Windows.</summary>
internal sealed class Suspension : IDisposable
{
    private readonly int _process;

    public Suspension(int process)
    {
        _process = process;
        Signal("STOP");
    }

    public void Dispose() => Signal("CONT");

    private void Signal(string name)
    {
        using var kill = Process.Start("/bin/sh", ["-c", "kill -s \"$0\" \"$1\"", name, _process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
