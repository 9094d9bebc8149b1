using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention;

/// <summary>The attention was given NaN or infinity.</summary>
internal sealed class NonFiniteInputException(string message) : Exception(message)
{
    /// <summary>Says where the first one stands; null when query and value are finite.</summary>
    /// <param name="query">[batch, tokens, heads, channels]</param>
    /// <param name="value">[batch, tokens, heads, channels]</param>
    public static NonFiniteInputException? Find(Tensor query, Tensor value)
    {
        using var scope = NewDisposeScope();
        foreach (var (name, rows) in new[] { ("query", query), ("value", value) })
        {
            var broken = rows.detach().isfinite().logical_not();
            if (!broken.any().item<bool>())
                continue;
            var place = broken.nonzero()[0];
            var (item, token, head) = (place[0].item<long>(), place[1].item<long>(), place[2].item<long>());
            var what = rows[item, token, head, place[3].item<long>()].isnan().item<bool>() ? "NaN" : "infinity";
            return new NonFiniteInputException(
                $"The {name} of token {token} in sequence {(item * rows.size(2)) + head} holds {what}: the network's weights or its input are broken.");
        }
        return null;
    }
}
