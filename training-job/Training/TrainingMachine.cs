using System.Reflection;
using CtSeg.TrainingJob.Inference;

namespace CtSeg.TrainingJob.Training;

/// <summary>What the bits of a training depend on, beside its options and data. Older programs noted the first three only.</summary>
/// <param name="Processor">Its maker's name, and what tells those of one name apart.</param>
/// <param name="Threads">Of the tensor library.</param>
/// <param name="Commit">
/// Of the program, with "-dirty" behind it where its sources differed from the commit, and "-unchecked" where the build could not ask; "unknown"
/// where the build notes none.
/// </param>
/// <param name="Vectors">The widest that .NET finds.</param>
/// <param name="Cores">That the program may use.</param>
/// <param name="MemoryGiB">That the program may use.</param>
/// <param name="Device">That the network is on: "cpu" or "cuda".</param>
internal sealed record TrainingMachine(string Processor, int Threads, string Commit, string? Vectors = null, int? Cores = null, int? MemoryGiB = null, string? Device = null)
{
    public static TrainingMachine Current => new(
        Processes.Processor.Name,
        TorchSharp.torch.get_num_threads(),
        BuiltFrom(),
        Processes.Processor.Vectors,
        Environment.ProcessorCount,
        (int)Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30)),
        ComputeDevice.Current.ToString());

    public override string ToString() => string.Join(", ", new[]
    {
        Processor, Vectors, Count(Cores, "core"), MemoryGiB is { } memory ? $"{memory} GiB" : null, Count(Threads, "thread"), Device, $"commit {Commit}",
    }.OfType<string>());

    private static string? Count(int? number, string what) => number is null ? null : $"{number} {what}{(number == 1 ? "" : "s")}";

    /// <summary>The build notes the commit behind a plus.</summary>
    private static string BuiltFrom() =>
        typeof(TrainingMachine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion is { } version
        && version.IndexOf('+', StringComparison.Ordinal) is var plus and >= 0
            ? version[(plus + 1)..]
            : "unknown";
}
