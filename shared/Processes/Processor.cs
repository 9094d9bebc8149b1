using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace CtSeg.Processes;

/// <summary>What a measurement was made on.</summary>
public static class Processor
{
    private const string CpuInfo = "/proc/cpuinfo";

    // What tells processors of one name apart, on x64 and on Arm.
    private static readonly string[] Marks = ["cpu family", "model", "stepping", "CPU implementer", "CPU variant", "CPU part", "CPU revision"];

    /// <value>The maker's name and its marks where Linux tells them, the architecture elsewhere; never null.</value>
    public static string Name { get; } = Describe(File.Exists(CpuInfo) ? File.ReadLines(CpuInfo) : []);

    /// <value>The widest vectors that .NET finds here.</value>
    public static string Vectors { get; } =
        Avx512F.IsSupported ? "AVX-512"
        : Avx2.IsSupported ? "AVX2"
        : Avx.IsSupported ? "AVX"
        : AdvSimd.IsSupported ? "NEON"
        : "128 bits";

    /// <param name="cpuInfo">Lines as in /proc/cpuinfo, of which the first processor's count.</param>
    /// <returns>As "AMD EPYC (cpu family 25, model 1, stepping 1)".</returns>
    public static string Describe(IEnumerable<string> cpuInfo)
    {
        var first = cpuInfo.TakeWhile(line => line.Length > 0)
            .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
            .Where(pair => pair.Length == 2)
            .DistinctBy(pair => pair[0])
            .ToDictionary(pair => pair[0], pair => pair[1]);
        var marks = Marks.Where(first.ContainsKey).Select(mark => $"{mark} {first[mark]}").ToList();
        return first.GetValueOrDefault("model name", RuntimeInformation.ProcessArchitecture.ToString())
            + (marks.Count > 0 ? $" ({string.Join(", ", marks)})" : "");
    }
}
