using System.Globalization;
using System.Runtime.InteropServices;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>
/// Lets the model go first within this process too: a picture that is encoded on a core of its threads holds up the others at their next
/// barrier.
/// </summary>
internal static partial class ThreadPriority
{
    private const int OfThread = 0;
    private const int Nice = 10;

    /// <summary>
    /// Lowers every thread but the one that calls: call it on the model's, before the tensor library starts the threads that help it. Threads
    /// inherit from those that start them. Linux only, where each thread has a nice value of its own.
    /// </summary>
    public static void LowerAllOthers()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var own = Path.GetFileName(new FileInfo("/proc/thread-self").LinkTarget);
        foreach (var thread in Directory.GetDirectories("/proc/self/task").Select(Path.GetFileName).Where(thread => thread != own))
            _ = SetPriority(OfThread, int.Parse(thread!, CultureInfo.InvariantCulture), Nice);
    }

    [LibraryImport("libc.so.6", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int nice);
}
