using System.Runtime.InteropServices;

namespace CtSeg.Processes;

/// <summary>What a measurement was made on.</summary>
public static class Processor
{
    /// <value>The maker's name where Linux tells it, the architecture elsewhere; never null.</value>
    public static string Name { get; } =
        File.Exists("/proc/cpuinfo") && File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) is { } line
            ? line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
            : RuntimeInformation.ProcessArchitecture.ToString();
}
