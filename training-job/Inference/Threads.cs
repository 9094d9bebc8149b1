using System.CommandLine;
using System.Runtime.InteropServices;
using TorchSharp;

namespace CtSeg.TrainingJob.Inference;

/// <summary>Fixes the number of threads: torch splits sums by it, so results repeat only with the same number.</summary>
internal static partial class Threads
{
    private static int _fixed;

    /// <returns>An option of the command line for the argument of <see cref="Fix"/>.</returns>
    public static Option<int?> CreateOption() => PositiveOption.Create("--threads", "Threads of the tensor library; results repeat only with the same number.");

    /// <summary>Call before the first tensor; only the first call counts.</summary>
    /// <param name="count">Null: one for each core, at most 8.</param>
    public static void Fix(int? count = null)
    {
        if (Interlocked.Exchange(ref _fixed, 1) == 1)
            return;
        // OpenMP reads it when it is loaded. Threads that spin while they wait starve those they wait for when other programs
        // need the cores: a slice took 3 s instead of 0.5 s on two busy cores.
        if (OperatingSystem.IsLinux())
            _ = SetEnvironmentVariable("OMP_WAIT_POLICY", "PASSIVE", overwrite: 0);
        torch.set_num_threads(count ?? Math.Clamp(Environment.ProcessorCount, 1, 8));
    }

    // Environment.SetEnvironmentVariable changes .NET's copy only.
    [LibraryImport("libc.so.6", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironmentVariable(string name, string value, int overwrite);
}
