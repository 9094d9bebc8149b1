using CtSeg.TrainingJob.Attention;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Bench;

/// <summary>
/// The attention as it is usually written: tensor operations over the whole image at once, with the scores of all tokens in memory.
/// Only measured against, and held to the same results.
/// </summary>
internal static class NaiveLshAttention
{
    private const double SelfPenalty = 1e5;
    private const double OutsideBucket = -1e9;

    /// <inheritdoc cref="LshAttention.Attend"/>
    public static Tensor Attend(Tensor query, Tensor value, Tensor buckets, int chunkLength)
    {
        using var scope = NewDisposeScope();
        var (batch, tokens, heads, valueChannels) = (query.size(0), query.size(1), query.size(2), value.size(3));
        var rounds = (int)buckets.size(0);
        var q = Sequences(query);
        var key = q.div(q.norm(-1, keepdim: true, p: 2f).clamp_min(Kept(1e-6)));
        var v = Sequences(value);
        var ids = buckets.to(ScalarType.Int64);
        var order = ids.mul(Kept(tokens)).add(Positions(), alpha: One).argsort(-1);         // [rounds, sequences, tokens]
        var undo = order.argsort(-1);
        var chunk = undo.div(Kept(chunkLength), RoundingMode.floor);
        var sees = Enumerable.Range(0, rounds).Select(round => InOrder(round)).ToArray();
        var company = zeros([q.size(0), tokens], ScalarType.Bool);
        foreach (var one in sees)
            company.logical_or_(one.Sees.to(ScalarType.Int32).sum(-1).gt(Kept(1)).flatten(1, 2).narrow(1, 0, tokens).gather(1, one.Undo));
        var outputs = new List<Tensor>();
        var normalisers = new List<Tensor>();
        foreach (var one in sees)
        {
            var scores = Chunks(Gather(q, one.Order)).matmul(Windows(Gather(key, one.Order)).transpose(2, 3)).div(Kept(Math.Sqrt(q.size(2))));
            scores = scores.sub(one.Rounds.clamp_min(Kept(1)).to(scores.dtype).log()).masked_fill(one.Sees.logical_not(), Kept(OutsideBucket));
            var alone = Chunks(company.gather(1, one.Order).to(scores.dtype).unsqueeze(-1));
            scores = scores.sub(one.Self.to(scores.dtype).mul(alone).mul(Kept(SelfPenalty)));
            var normaliser = scores.logsumexp(-1, keepdim: true);
            var attended = scores.sub(normaliser).exp().matmul(Windows(Gather(v, one.Order)));
            outputs.Add(Gather(attended.flatten(1, 2).narrow(1, 0, tokens), one.Undo));
            normalisers.Add(Gather(normaliser.flatten(1, 2).narrow(1, 0, tokens), one.Undo));
        }
        var weights = stack(normalisers, dim: 0).softmax(0);
        return stack(outputs, dim: 0).mul(weights).sum(dim: 0).reshape(batch, heads, tokens, valueChannels).transpose(1, 2).MoveToOuterDisposeScope();

        (Tensor Order, Tensor Undo, Tensor Sees, Tensor Rounds, Tensor Self) InOrder(int round)
        {
            var here = order[round];
            var counts = default(Tensor);
            var seesHere = default(Tensor);
            for (var other = 0; other < rounds; other++)
            {
                var bucket = ids[other].gather(1, here).unsqueeze(-1);
                var place = chunk[other].gather(1, here).unsqueeze(-1);
                var distance = Chunks(place, -10).sub(Windows(place, -20).transpose(2, 3));
                var seen = Chunks(bucket, -1).eq(Windows(bucket, -2).transpose(2, 3)).logical_and(distance.eq(Kept(0)).logical_or(distance.eq(Kept(1))));
                counts = counts is null ? seen.to(ScalarType.Int32) : counts.add(seen.to(ScalarType.Int32), alpha: One);
                if (other == round)
                    seesHere = seen;
            }
            var position = Positions().expand(here.shape).unsqueeze(-1);
            var self = Chunks(position, -1).eq(Windows(position, -2).transpose(2, 3));
            return (here, undo[round], seesHere!, counts!, self);
        }

        Tensor Positions() => arange(Kept(0), Kept(tokens), Kept(1), ScalarType.Int64);

        Tensor Chunks(Tensor rows, double filler = 0)
        {
            var missing = (chunkLength - (tokens % chunkLength)) % chunkLength;
            var padded = missing == 0 ? rows : cat([rows, full([rows.size(0), missing, rows.size(2)], Kept(filler), rows.dtype)], 1);
            return padded.reshape(rows.size(0), -1, chunkLength, rows.size(2));
        }

        Tensor Windows(Tensor rows, double filler = 0)
        {
            var chunks = Chunks(rows, filler);
            var before = cat([full([chunks.size(0), 1, chunkLength, chunks.size(3)], Kept(filler), chunks.dtype), chunks.narrow(1, 0, chunks.size(1) - 1)], 1);
            return cat([before, chunks], 2);
        }
    }

    /// <summary>The hash as tensor operations: `argmax[uR ; -uR]` over the whole concatenation, once or in factors.</summary>
    /// <param name="query">[batch, tokens, heads, channels]</param>
    /// <returns>[rounds, batch * heads, tokens]</returns>
    public static Tensor Buckets(Tensor query, int rounds, int chunkLength, bool factorised)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var factors = LshHash.ColumnsOfFactors(query.size(1), chunkLength, (int)query.size(3)).Select(columns => 2 * columns).ToArray();
        var q = Sequences(query);
        var ids = new List<Tensor>();
        for (var round = 0; round < rounds; round++)
        {
            using var roundScope = NewDisposeScope();
            var id = factorised
                ? factors.Skip(1).Aggregate(Digit(factors[0]), (bucket, count) => bucket.mul(Kept(count)).add(Digit(count), alpha: One))
                : Digit(factors.Aggregate(1, (product, count) => product * count));
            ids.Add(id.to(ScalarType.Int32).MoveToOuterDisposeScope());
        }
        return stack(ids, dim: 0).MoveToOuterDisposeScope();

        Tensor Digit(int buckets)
        {
            var projected = q.matmul(randn([q.size(2), buckets / 2]));
            return cat([projected, projected.neg()], -1).argmax(-1);
        }
    }

    private static Tensor Sequences(Tensor tokens) => tokens.transpose(1, 2).flatten(0, 1);

    private static Tensor Gather(Tensor rows, Tensor order) => rows.gather(1, order.unsqueeze(-1).expand(order.size(0), order.size(1), rows.size(2)));
}
