namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// Scores, masks, normalisers and the combination of rounds in one pass: a round adds its part to what the rounds before left, so that
/// nothing of the size tokens x window is ever in memory.
/// </summary>
internal sealed unsafe class ForwardPass(AttentionProblem problem, TokenRows output, TokenRows state)
{
    // 2^(score - bound) cannot underflow below it: the bound of a query then serves as shift in all rounds.
    private const float SafeBound = 60;

    private int _notFinite;

    /// <summary>
    /// Fills output, and state, [.., 2], which must be zero before: a shift, and the sum of 2^(score - shift) over all rounds; 0 for a token that is alone in all.
    /// </summary>
    /// <returns>False when query or value hold NaN or infinity.</returns>
    public bool TryRun()
    {
        var tasks = problem.Query.Sequences * problem.Blocks;
        for (var round = 0; round < problem.Order.Rounds; round++)
        {
            var now = round;
            Parallel.For(0, tasks, problem.Parallel, () => new ChunkBlock(problem, forGradient: false), (task, _, block) =>
            {
                Block(block, now, task / problem.Blocks, task % problem.Blocks);
                return block;
            }, block => block.Dispose());
            if (_notFinite != 0)
                return false;
        }
        return true;
    }

    private void Block(ChunkBlock block, int round, int sequence, int number)
    {
        block.Gather(round, sequence, number * AttentionProblem.ChunksOfBlock);
        if (!block.AllFinite)
        {
            Interlocked.Exchange(ref _notFinite, 1);
            return;
        }
        var (outputs, states) = (output.Sequence(sequence), state.Sequence(sequence));
        for (var run = block.Halo; run < block.Rows;)
        {
            var (first, end) = (block.FirstSeen(run), block.EndOfRun(run));
            if (end - first > 1)
            {
                for (var row = run; row < end; row += Vectors.Rows)
                    Attend(block, outputs, states, row, first, end);
            }
            if (round == problem.Order.Rounds - 1)
                Normalise(block, outputs, states, run, end);
            run = end;
        }
    }

    /// <summary>Up to four queries of one run, which see the same rows.</summary>
    private void Attend(ChunkBlock block, SequenceRows outputs, SequenceRows states, int row, int first, int end)
    {
        var (last, count) = (end - 1, end - first);
        var own = Math.Min(Vectors.Rows, end - row);
        for (var later = row + Vectors.Rows; later < Math.Min(row + (2 * Vectors.Rows), block.Rows); later++)
        {
            outputs.Prefetch(block.Token(later));
            states.Prefetch(block.Token(later));
        }
        block.PrefetchUpcoming(own);
        var queries = block.Queries;
        var channels = block.KeyChannels;
        Vectors.Multiply(
            queries + (row * channels), queries + (Math.Min(row + 1, last) * channels), queries + (Math.Min(row + 2, last) * channels),
            queries + (Math.Min(row + 3, last) * channels), problem.Query.Channels,
            block.KeyColumns + first, block.ColumnStride, count, block.Scores, block.ScoreStride);
        var sums = stackalloc float[Vectors.Rows];
        var shifts = stackalloc float[Vectors.Rows];
        for (var number = 0; number < own; number++)
        {
            var scores = block.Scores + (number * block.ScoreStride);
            var padded = PairWeights.Mask(scores, count, row + number - first);
            var bound = block.Bounds[row + number];
            shifts[number] = bound <= SafeBound ? bound : PairWeights.Highest(scores, padded);
            sums[number] = PairWeights.FromScores(
                scores, padded, shifts[number], block.OtherPlaces(first), block.OtherPlaces(row + number), block.ColumnStride, block.OtherRounds);
        }
        Vectors.WeightedSum(block.Scores, block.ScoreStride, count, block.Values + (first * block.ValueChannels), block.ValueChannels, block.Output);
        for (var number = 0; number < own; number++)
        {
            var token = block.Token(row + number);
            Combine(block.Output + (number * block.ValueChannels), sums[number], shifts[number], outputs.Row(token), states.Row(token));
        }
    }

    /// <summary>Adds a round's part: a running logarithm of a sum of powers of 2 over the rounds.</summary>
    private void Combine(float* weighted, float sum, float shift, float* target, float* before)
    {
        if (before[1] == 0)
        {
            (before[0], before[1]) = (shift, sum);
            Vectors.Scale(weighted, target, problem.Value.Channels, 1);
            return;
        }
        var (keep, add) = (1f, 1f);
        if (before[0] != shift)
        {
            var highest = MathF.Max(before[0], shift);
            (keep, add) = (float.Exp2(before[0] - highest), float.Exp2(shift - highest));
            before[0] = highest;
        }
        before[1] = (keep * before[1]) + (add * sum);
        Vectors.Combine(target, keep, weighted, add, problem.Value.Channels);
    }

    private void Normalise(ChunkBlock block, SequenceRows outputs, SequenceRows states, int run, int end)
    {
        for (var row = run; row < end; row++)
        {
            var token = block.Token(row);
            var sum = states.Row(token)[1];
            var target = outputs.Row(token);
            // Alone in all rounds: its own value returns.
            if (sum == 0)
                Vectors.Scale(block.Values + (row * block.ValueChannels), target, problem.Value.Channels, 1);
            else
                Vectors.Scale(target, target, problem.Value.Channels, 1 / sum);
        }
    }
}
