using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests;

internal static class TensorAssertions
{
    /// <summary>Whether shape and every value are equal.</summary>
    public static bool SameAs(this Tensor one, Tensor other) =>
        one.shape.SequenceEqual(other.shape) && one.eq(other).all().item<bool>();
}
