using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CtSeg.Local.Processes;

/// <summary>Asking a process to end; .NET itself only knows how to kill one.</summary>
internal static partial class Signals
{
    private const int SigTerm = 15;

    /// <summary>Where the system has no such signal (Windows) the process is killed.</summary>
    public static void Terminate(Process process)
    {
        ArgumentNullException.ThrowIfNull(process);
        try
        {
            if (OperatingSystem.IsWindows())
                process.Kill();
            else
                _ = Kill(process.Id, SigTerm);
        }
        catch (InvalidOperationException)
        {
            // It is gone already.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int pid, int signal);
}
