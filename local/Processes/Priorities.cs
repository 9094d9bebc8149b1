using System.Globalization;
using System.Runtime.InteropServices;

namespace CtSeg.Local.Processes;

/// <summary>Who goes first where the cores do not suffice for all; Linux only, and of no effect elsewhere.</summary>
internal static partial class Priorities
{
    private const int OfGroup = 1;
    private const int Lowest = 19;
    // Where sessions are scheduled as groups (sched(7), autogroup), the priority of a process counts only inside its own: there the group as a whole gives
    // way, though not as far as a retraining, which goes last of all.
    private const int OfSession = 15;

    /// <summary>Has a process, all its threads and its children leave the cores to others first.</summary>
    /// <param name="leader">Of a session.</param>
    public static void Lower(int leader)
    {
        // One that leads no session shares ours, which is not meant.
        if (!OperatingSystem.IsLinux() || GetSession(leader) != leader)
            return;
        // Refused only where the process has ended.
        _ = SetPriority(OfGroup, leader, Lowest);
        try
        {
            File.WriteAllText($"/proc/{leader}/autogroup", OfSession.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not every system has such groups, and some containers never allow it: the threads' own priority still counts.
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, int who, int nice);

    [LibraryImport("libc", EntryPoint = "getsid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetSession(int process);
}
