using System.Globalization;
using System.Runtime.InteropServices;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Leaves the cores to others first: a retraining must not slow the segmentation of slices on the same machine. Linux only.</summary>
internal static partial class LowPriority
{
    private const int OfThread = 0;
    private const int Lowest = 19;
    private const string AutoGroup = "/proc/self/autogroup";

    /// <summary>
    /// Lowers every thread; those that start later inherit it. Where sessions are scheduled as groups (sched(7), autogroup), that counts only inside the
    /// session: the leader of one lowers its group too, and a job that shares its session competes with the other programs in it.
    /// </summary>
    public static void Take()
    {
        if (!OperatingSystem.IsLinux())
            return;
        foreach (var thread in Directory.GetDirectories("/proc/self/task").Select(Path.GetFileName))
            _ = SetPriority(OfThread, int.Parse(thread!, CultureInfo.InvariantCulture), Lowest);
        if (GetSession(0) != Environment.ProcessId || !File.Exists(AutoGroup))
            return;
        try
        {
            File.WriteAllText(AutoGroup, Lowest.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Some containers do not allow it; the threads' own priority still counts.
        }
    }

    [LibraryImport("libc.so.6", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int nice);

    [LibraryImport("libc.so.6", EntryPoint = "getsid")]
    private static partial int GetSession(int process);
}
