using System.Globalization;
using CtSeg.TrainingJob.Inference;

namespace CtSeg.TrainingJob.Bench;

/// <summary>Resident memory of this process, from /proc: MiB.</summary>
internal static class PeakMemory
{
    /// <summary>Gives free memory back to the system, so that what a call needs becomes visible, and runs it.</summary>
    /// <returns>MiB above what was resident before; null where /proc cannot tell.</returns>
    public static double? Of(Action call)
    {
        if (!OperatingSystem.IsLinux())
        {
            call();
            return null;
        }
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        HeapMemory.GiveBack();
        // 5 sets the high-water mark to what is resident now (proc(5)).
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = Read("VmRSS:");
        call();
        return Read("VmHWM:") - before;
    }

    /// <returns>The high-water mark of the process, MiB.</returns>
    public static double? Highest => OperatingSystem.IsLinux() ? Read("VmHWM:") : null;

    private static double Read(string name)
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024;
    }
}
