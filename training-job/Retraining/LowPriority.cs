using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Leaves the cores to others first: a retraining must not slow the segmentation of slices on the same machine.</summary>
internal static partial class LowPriority
{
    private const int OfThread = 0;
    private const int Lowest = 19;
    // SCHED_IDLE of sched(7): runs when nobody else wants to.
    private const int OnlyWhenIdle = 5;
    private const int GroupTries = 20;
    private const string Threads = "/proc/self/task";
    private const string AutoGroup = "/proc/self/autogroup";
    private static readonly TimeSpan GroupPause = TimeSpan.FromSeconds(0.15);

    /// <summary>
    /// Lowers every thread; those that start later inherit it. Where sessions are scheduled as groups (sched(7), autogroup), that counts only inside the
    /// session: the leader of one lowers its group too, and a job that shares its session competes with the other programs in it.
    /// </summary>
    public static void Take()
    {
        if (!OperatingSystem.IsLinux())
        {
            TakeAsProcess();
            return;
        }
        LowerThreads();
        if (GetSession(0) == Environment.ProcessId && File.Exists(AutoGroup))
            _ = LowerGroupAsync();
    }

    private static void TakeAsProcess()
    {
        try
        {
            using var own = Process.GetCurrentProcess();
            own.PriorityClass = ProcessPriorityClass.Idle;
        }
        catch (Exception e) when (e is Win32Exception or PlatformNotSupportedException)
        {
            // It trains all the same, and others get less.
        }
    }

    private static void LowerThreads()
    {
        var lowered = new HashSet<int>();
        while (true)
        {
            // One that was not lowered yet may have started another since the last look.
            var left = Directory.GetDirectories(Threads).Select(thread => int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture)).Where(lowered.Add).ToList();
            if (left.Count == 0)
                return;
            foreach (var thread in left)
                if (SetScheduler(thread, OnlyWhenIdle, priority: 0) != 0)
                    _ = SetPriority(OfThread, thread, Lowest);
        }
    }

    /// <summary>The kernel takes one such write in a tenth of a second from all users but root, and refuses the others.</summary>
    private static async Task LowerGroupAsync()
    {
        for (var attempt = 1; attempt <= GroupTries; attempt++)
        {
            try
            {
                await File.WriteAllTextAsync(AutoGroup, Lowest.ToString(CultureInfo.InvariantCulture));
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Some containers never allow it; the threads' own priority still counts.
            }
            await Task.Delay(GroupPause, TimeProvider.System);
        }
    }

    [LibraryImport("libc.so.6", EntryPoint = "sched_setscheduler")]
    private static partial int SetScheduler(int thread, int policy, in int priority);

    [LibraryImport("libc.so.6", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int nice);

    [LibraryImport("libc.so.6", EntryPoint = "getsid")]
    private static partial int GetSession(int process);
}
