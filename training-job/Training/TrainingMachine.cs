using System.Reflection;

namespace CtSeg.TrainingJob.Training;

/// <summary>What the bits of a training depend on, beside its options and data.</summary>
/// <param name="Processor">Its maker's name.</param>
/// <param name="Threads">Of the tensor library.</param>
/// <param name="Commit">Of the program; "unknown" where the build does not note it.</param>
internal sealed record TrainingMachine(string Processor, int Threads, string Commit)
{
    public static TrainingMachine Current => new(Processes.Processor.Name, TorchSharp.torch.get_num_threads(), BuiltFrom());

    public override string ToString() => $"{Processor}, {Threads} {(Threads == 1 ? "thread" : "threads")}, commit {Commit}";

    /// <summary>The build notes the commit behind a plus.</summary>
    private static string BuiltFrom() =>
        typeof(TrainingMachine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion is { } version
        && version.IndexOf('+', StringComparison.Ordinal) is var plus and >= 0
            ? version[(plus + 1)..]
            : "unknown";
}
