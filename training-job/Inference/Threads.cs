using TorchSharp;

namespace CtSeg.TrainingJob.Inference;

/// <summary>Fixes the number of threads: torch splits sums by it, so results repeat only with the same number.</summary>
internal static class Threads
{
    /// <summary>Call once, before the first tensor.</summary>
    /// <param name="count">Null: one for each core, at most 8.</param>
    public static void Fix(int? count = null) => torch.set_num_threads(count ?? Math.Clamp(Environment.ProcessorCount, 1, 8));
}
