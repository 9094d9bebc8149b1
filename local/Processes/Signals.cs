using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CtSeg.Local.Processes;

/// <summary>Asking a process to end; .NET itself only knows how to kill one.</summary>
internal static partial class Signals
{
    private const int SigTerm = 15;

    /// <summary>Where the system has no such signal (Windows) the process is killed. One that is gone already is left so.</summary>
    public static void Terminate(int process)
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = Kill(process, SigTerm);
            return;
        }
        try
        {
            using var found = Process.GetProcessById(process);
            found.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It is gone already.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int pid, int signal);
}
