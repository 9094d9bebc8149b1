using CtSeg.TrainingJob.Attention.Fused;
using CtSeg.TrainingJob.Attention.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention;

/// <summary>
/// Attention among tokens that share a hash bucket (arXiv:2004.05645, section II-C; Reformer, arXiv:2001.04451), not causal,
/// with one tensor for query and key. Two engines compute the same: a fused one for 32-bit floats on the CPU, tensor operations elsewhere.
/// </summary>
internal static class LshAttention
{
    /// <summary>Attends with the given buckets.</summary>
    /// <param name="query">[batch, tokens, heads, head channels]; the keys are its rows, normalised.</param>
    /// <param name="value">[batch, tokens, heads, value channels]</param>
    /// <param name="buckets">[rounds, batch * heads, tokens], 32-bit integers, not negative.</param>
    /// <param name="chunkLength">Tokens of a chunk of the sorted sequence.</param>
    /// <returns>[batch, tokens, heads, value channels]</returns>
    /// <exception cref="NonFiniteInputException">Query or value hold NaN or infinity.</exception>
    public static Tensor Attend(Tensor query, Tensor value, Tensor buckets, int chunkLength) =>
        query.device_type == DeviceType.CPU && query.dtype == ScalarType.Float32 && value.dtype == ScalarType.Float32
            ? FusedLshAttention.Attend(query, value, buckets, chunkLength)
            : ReferenceLshAttention.Attend(query, value, buckets, chunkLength);
}
