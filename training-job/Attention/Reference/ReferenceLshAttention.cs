using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention.Reference;

/// <summary>
/// The attention out of tensor operations: for any device and number type, and what the fused engine is held to. Chunks stream
/// through, so that memory grows as the number of tokens.
/// </summary>
internal static class ReferenceLshAttention
{
    /// <inheritdoc cref="LshAttention.Attend"/>
    public static Tensor Attend(Tensor query, Tensor value, Tensor buckets, int chunkLength)
    {
        using var scope = NewDisposeScope();
        if (NonFiniteInputException.Find(query, value) is { } broken)
            throw broken;
        var (batch, heads) = (query.size(0), query.size(2));
        return AttendSequences(Sequences(query), Sequences(value), buckets.to(ScalarType.Int64), chunkLength)
            .reshape(batch, heads, query.size(1), value.size(3)).transpose(1, 2).MoveToOuterDisposeScope();
    }

    /// <returns>[batch * heads, tokens, channels]</returns>
    private static Tensor Sequences(Tensor tokens) => tokens.transpose(1, 2).flatten(0, 1);

    private static Tensor AttendSequences(Tensor query, Tensor value, Tensor buckets, int chunkLength)
    {
        var (sequences, tokens, keyChannels, valueChannels) = (query.size(0), query.size(1), query.size(2), value.size(2));
        var sorted = SortedRounds.Create(buckets, chunkLength);
        // The keys are exact unit vectors but for a query shorter than 1e-6.
        var key = query.div(query.norm(-1, keepdim: true, p: 2f).clamp_min(Kept(1e-6)));
        var joined = Pad(cat([query.div(Kept(Math.Sqrt(keyChannels))), key, value], -1), sorted.PaddedTokens).flatten(0, 1);

        var rounds = new Tensor[sorted.Rounds];
        for (var round = 0; round < sorted.Rounds; round++)
        {
            using var roundScope = NewDisposeScope();
            var inOrder = PermuteRows.Apply(joined, sorted.Permutation(round), sorted.Inverse(round));
            var attended = ChunkAttention.Apply(inOrder, sorted.PlacesInOrderOf(round), sorted.HasCompany(round), keyChannels, chunkLength);
            rounds[round] = PermuteRows.Apply(attended, sorted.Inverse(round), sorted.Permutation(round)).MoveToOuterDisposeScope();
        }
        var all = stack(rounds, dim: 0);                                          // [rounds, rows, value channels + 1]
        // a_i = sum_g exp(z_i^g - z_i) a_i^g is a softmax of the normalisers over the rounds.
        var weights = all.narrow(-1, valueChannels, 1).softmax(0);
        var combined = all.narrow(-1, 0, valueChannels).mul(weights).sum(dim: 0);
        return combined.reshape(sequences, sorted.PaddedTokens, valueChannels).narrow(1, 0, tokens);
    }

    private static Tensor Pad(Tensor rows, long length)
    {
        var missing = length - rows.size(1);
        return missing == 0 ? rows : cat([rows, zeros([rows.size(0), missing, rows.size(2)], rows.dtype, rows.device)], 1);
    }
}
