using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention.Reference;

/// <summary>
/// Attention inside the chunks of one sorted round, a few chunks at a time and computed again for the gradient, so that what it
/// needs beside input and output stays in the processor's cache.
/// </summary>
internal sealed class ChunkAttention : autograd.SingleTensorFunction<ChunkAttention>
{
    // The paper's mask for a token looking at itself: such a score only counts where there is no other.
    private const double SelfPenalty = 1e5;
    private const double OutsideBucket = -1e9;
    private const long PiecePairs = 1 << 17;

    public override string Name => nameof(ChunkAttention);

    /// <param name="rows">[rows, 2 * keyChannels + value channels]: scaled query, key, value, in the round's order.</param>
    /// <param name="places">[rounds, rows], this round's first; see <see cref="SortedRounds.PlacesInOrderOf"/>.</param>
    /// <param name="hasCompany">[rows]</param>
    /// <param name="keyChannels">Channels of query and key.</param>
    /// <param name="chunkLength">Divides the number of rows.</param>
    /// <returns>[rows, value channels + 1]: the attention, and its normaliser z (log-sum-exp of the scores).</returns>
    public static Tensor Apply(Tensor rows, Tensor places, Tensor hasCompany, long keyChannels, int chunkLength) =>
        apply(rows, places, hasCompany, keyChannels, chunkLength);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (rows, places, company) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2]);
        ctx.save_for_backward([rows, places, company]);
        ctx.save_data("keyChannels", vars[3]);
        ctx.save_data("chunkLength", vars[4]);
        using var scope = NewDisposeScope();
        var chunks = new Windows(rows, places, company, (long)vars[3], (int)vars[4]);
        var result = empty([rows.size(0), chunks.ValueChannels + 1], rows.dtype, rows.device);
        foreach (var (first, count) in chunks.Pieces())
        {
            using var pieceScope = NewDisposeScope();
            var scores = chunks.Scores(first, count);
            var highest = scores.amax([-1], keepdim: true);
            var exponentials = scores.sub_(highest).exp_();
            var total = exponentials.sum(-1, keepdim: true);
            var output = exponentials.matmul(chunks.Values(first, count)).div_(total);
            var target = result.narrow(0, first * chunks.Length, count * chunks.Length);
            target.narrow(1, 0, chunks.ValueChannels).copy_(output.flatten(0, 1));
            target.narrow(1, chunks.ValueChannels, 1).copy_(total.log_().add_(highest, alpha: One).flatten(0, 1));
        }
        return result.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var (rows, keyChannels, chunkLength) = (saved[0], (long)ctx.get_data("keyChannels"), (int)ctx.get_data("chunkLength"));
        var chunks = new Windows(rows, saved[1], saved[2], keyChannels, chunkLength);
        var gradient = zeros([chunks.Count + 1, chunks.Length, rows.size(1)], rows.dtype, rows.device);
        var flowing = grad_output.reshape(chunks.Count, chunks.Length, chunks.ValueChannels + 1);
        foreach (var (first, count) in chunks.Pieces())
        {
            using var pieceScope = NewDisposeScope();
            var weights = chunks.Scores(first, count).softmax(-1);
            var ofOutput = flowing.narrow(0, first, count).narrow(2, 0, chunks.ValueChannels);
            var ofNormaliser = flowing.narrow(0, first, count).narrow(2, chunks.ValueChannels, 1);
            var ofScores = ofOutput.matmul(chunks.Values(first, count).transpose(1, 2));
            var mean = ofScores.mul(weights).sum(-1, keepdim: true).sub_(ofNormaliser);
            ofScores.sub_(mean).mul_(weights);
            gradient.narrow(0, first + 1, count).narrow(2, 0, keyChannels).add_(ofScores.matmul(chunks.Keys(first, count)), alpha: One);
            AddToWindows(gradient.narrow(0, first, count + 1).narrow(2, keyChannels, keyChannels),
                ofScores.transpose(1, 2).matmul(chunks.Queries(first, count)));
            AddToWindows(gradient.narrow(0, first, count + 1).narrow(2, 2 * keyChannels, chunks.ValueChannels),
                weights.transpose(1, 2).matmul(ofOutput));
        }
        return [gradient.narrow(0, 1, chunks.Count).reshape(rows.shape).MoveToOuterDisposeScope(), null!, null!, null!, null!];
    }

    /// <summary>Adds the gradient of every window, [count, 2m, channels], to the two chunks it covers, [count + 1, m, channels].</summary>
    private static void AddToWindows(Tensor chunks, Tensor ofWindows)
    {
        var (count, length) = (ofWindows.size(0), chunks.size(1));
        chunks.narrow(0, 0, count).add_(ofWindows.narrow(1, 0, length), alpha: One);
        chunks.narrow(0, 1, count).add_(ofWindows.narrow(1, length, length), alpha: One);
    }

    /// <summary>Views of the rows as chunks (queries) and as overlapping windows of the previous and the own chunk (keys, values).</summary>
    private sealed class Windows
    {
        private readonly Tensor _rows;
        private readonly Tensor _places;
        private readonly Tensor _selfPenalty;
        private readonly long _width;
        private readonly long _keyChannels;

        public Windows(Tensor rows, Tensor places, Tensor hasCompany, long keyChannels, int length)
        {
            (Length, _width, _keyChannels) = (length, rows.size(1), keyChannels);
            Count = rows.size(0) / length;
            ValueChannels = _width - (2 * keyChannels);
            // A blank chunk stands before the first one; its place -5 is seen from nowhere.
            _rows = cat([zeros([length, _width], rows.dtype, rows.device), rows], 0);
            _places = cat([full([places.size(0), length], Kept(-5), places.dtype, places.device), places], 1);
            _selfPenalty = hasCompany.to(rows.dtype).mul_(Kept(SelfPenalty)).reshape(Count, length);
        }

        public long Length { get; }
        public long Count { get; }
        public long ValueChannels { get; }

        public IEnumerable<(long First, long Count)> Pieces()
        {
            var step = Math.Max(1, PiecePairs / (2 * Length * Length));
            for (long first = 0; first < Count; first += step)
                yield return (first, Math.Min(step, Count - first));
        }

        public Tensor Queries(long first, long count) => View(first + 1, count, Length, 0, _keyChannels);
        public Tensor Keys(long first, long count) => View(first, count, 2 * Length, _keyChannels, _keyChannels);
        public Tensor Values(long first, long count) => View(first, count, 2 * Length, 2 * _keyChannels, ValueChannels);

        /// <summary>
        /// [count, m, 2m]: `q.k / sqrt(d_k) - log n_ij` inside bucket and window, less the self penalty; -1e9 elsewhere.
        /// </summary>
        public Tensor Scores(long first, long count)
        {
            using var scope = NewDisposeScope();
            var seesHere = Sees(0, first, count);
            var scores = Queries(first, count).matmul(Keys(first, count).transpose(1, 2));
            if (_places.size(0) > 1)
            {
                var rounds = seesHere.to(scores.dtype);
                for (var other = 1; other < _places.size(0); other++)
                    rounds.add_(Sees(other, first, count), alpha: One);
                scores.sub_(rounds.clamp_min_(Kept(1)).log_());
            }
            scores.masked_fill_(seesHere.logical_not_(), Kept(OutsideBucket));
            // In the window of a chunk the token itself stands at column m + its own row.
            scores.diagonal(Length, 1, 2).sub_(_selfPenalty.narrow(0, first, count));
            return scores.MoveToOuterDisposeScope();
        }

        private Tensor Sees(long round, long first, long count)
        {
            using var scope = NewDisposeScope();
            var places = _places[round];
            var ofQueries = places.as_strided([count, Length, 1], [Length, 1, 1], places.storage_offset() + ((first + 1) * Length));
            var ofKeys = places.as_strided([count, 1, 2 * Length], [Length, 1, 1], places.storage_offset() + (first * Length));
            var difference = ofQueries.sub(ofKeys);
            return difference.eq(Kept(0)).logical_or_(difference.eq(Kept(1))).MoveToOuterDisposeScope();
        }

        private Tensor View(long firstChunk, long count, long rows, long channel, long channels) =>
            _rows.as_strided([count, rows, channels], [Length * _width, _width, 1], (firstChunk * Length * _width) + channel);
    }
}
