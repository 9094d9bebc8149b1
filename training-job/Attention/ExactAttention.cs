using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention;

/// <summary>
/// Every token attends to all others, with the keys and the self mask of the LSH attention: what it approximates, and the better choice
/// for few tokens.
/// </summary>
internal static class ExactAttention
{
    // The paper's mask for a token looking at itself.
    private const float SelfPenalty = -1e5f;
    private const long MaskElements = 1 << 24;

    /// <param name="query">[batch, tokens, heads, head channels]; the keys are its rows, normalised.</param>
    /// <param name="value">[batch, tokens, heads, value channels]</param>
    /// <returns>[batch, tokens, heads, value channels]</returns>
    /// <exception cref="NonFiniteInputException">Query or value hold NaN or infinity.</exception>
    public static Tensor Attend(Tensor query, Tensor value)
    {
        using var scope = NewDisposeScope();
        if (NonFiniteInputException.Find(query, value) is { } broken)
            throw broken;
        var tokens = query.size(1);
        if (tokens == 1)
            return value.alias().MoveToOuterDisposeScope();
        var ofHeads = query.transpose(1, 2);                                       // [batch, heads, tokens, channels]
        var keys = ofHeads.div(ofHeads.norm(-1, keepdim: true, p: 2f).clamp_min(Kept(1e-6)));
        var values = value.transpose(1, 2);
        var step = Math.Clamp(MaskElements / tokens, 1, tokens);
        var pieces = new List<Tensor>();
        for (long first = 0; first < tokens; first += step)
        {
            var count = Math.Min(step, tokens - first);
            using var pieceScope = NewDisposeScope();
            var mask = zeros([count, tokens], query.dtype, query.device);
            mask.diagonal(first).fill_(Kept(SelfPenalty));
            pieces.Add(nn.functional.scaled_dot_product_attention(ofHeads.narrow(2, first, count), keys, values, mask).MoveToOuterDisposeScope());
        }
        var attended = pieces.Count == 1 ? pieces[0] : cat(pieces, 2);
        return attended.transpose(1, 2).MoveToOuterDisposeScope();
    }
}
