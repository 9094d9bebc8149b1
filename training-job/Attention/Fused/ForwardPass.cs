namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// Scores, masks, normalisers and the combination of rounds in one pass: a round adds its part to what the rounds before left, so that
/// nothing of the size tokens x window is ever in memory.
/// </summary>
internal sealed unsafe class ForwardPass(AttentionProblem problem, TokenRows output, TokenRows state)
{
    // 2^(score - bound) cannot underflow below it: the bound of a query then serves as shift in all rounds.
    private const float SafeBound = 60;

    private readonly int _lastRound = problem.Order.Rounds - 1;
    private int _notFinite;

    /// <summary>
    /// Fills output, and state, [.., 2]: a shift, and the sum of 2^(score - shift) over all rounds; 0 for a token that is alone in all.
    /// </summary>
    /// <returns>False when query or value hold NaN or infinity.</returns>
    public bool TryRun()
    {
        var tasks = problem.Query.Sequences * problem.Blocks;
        for (var round = 0; round <= _lastRound; round++)
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
        block.Open(round, sequence, number * AttentionProblem.ChunksOfBlock);
        var (outputs, states) = (output.Sequence(sequence), state.Sequence(sequence));
        for (var row = block.Halo; row < block.Rows; row += problem.ChunkLength)
        {
            var endOfChunk = Math.Min(row + problem.ChunkLength, block.Rows);
            block.GatherTo(endOfChunk);
            if (!block.AllFinite)
            {
                Interlocked.Exchange(ref _notFinite, 1);
                return;
            }
            for (var run = row; run < endOfChunk;)
            {
                var end = block.EndOfRun(run);
                Run(block, round, outputs, states, run, end);
                run = end;
            }
        }
    }

    private void Run(ChunkBlock block, int round, SequenceRows outputs, SequenceRows states, int run, int end)
    {
        var first = block.FirstSeen(run);
        if (end - first > 1)
        {
            for (var row = run; row < end; row += Vectors.Rows)
                Attend(block, round, outputs, states, row, first, end);
        }
        else
        {
            Alone(block, round, run, outputs.Row(block.Token(run)), states.Row(block.Token(run)));
        }
    }

    /// <summary>Up to four queries of one run, which see the same rows.</summary>
    private void Attend(ChunkBlock block, int round, SequenceRows outputs, SequenceRows states, int row, int first, int end)
    {
        var own = Math.Min(Vectors.Rows, end - row);
        for (var later = row + Vectors.Rows; later < Math.Min(row + (2 * Vectors.Rows), block.Rows); later++)
        {
            outputs.Prefetch(block.Token(later));
            states.Prefetch(block.Token(later));
        }
        block.PrefetchUpcoming(own);
        var weights = new PairWeights(problem, block, row, first, end - first);
        var shifts = stackalloc float[Vectors.Rows];
        var sums = stackalloc float[Vectors.Rows];
        Shifts(block, weights, row, own, shifts);
        weights.Fill(shifts, block.Scores, block.ScoreStride, sums);
        Vectors.WeightedSum(block.Scores, block.ScoreStride, end - first, block.Values + (first * block.ValueChannels), block.ValueChannels, block.Output);
        for (var number = 0; number < own; number++)
        {
            var token = block.Token(row + number);
            Combine(round, block.Output + (number * block.ValueChannels), sums[number], shifts[number], outputs.Row(token), states.Row(token));
        }
    }

    /// <param name="own">Queries of the four that are of the run: bounds behind them may be left over from other blocks.</param>
    private static void Shifts(ChunkBlock block, in PairWeights weights, int row, int own, float* shifts)
    {
        var safe = true;
        for (var number = 0; number < Vectors.Rows; number++)
        {
            shifts[number] = block.Bounds[row + Math.Min(number, own - 1)];
            safe &= shifts[number] <= SafeBound;
        }
        if (!safe)
            weights.Highest(block.Scores, block.ScoreStride, shifts);
    }

    /// <summary>Adds a round's part: a running logarithm of a sum of powers of 2 over the rounds.</summary>
    private void Combine(int round, float* weighted, float sum, float shift, float* target, float* before)
    {
        var (keep, add) = (0f, 1f);
        if (round > 0 && before[1] != 0)
        {
            keep = 1;
            if (before[0] != shift)
            {
                var highest = MathF.Max(before[0], shift);
                (keep, add) = (float.Exp2(before[0] - highest), float.Exp2(shift - highest));
                shift = highest;
            }
            sum = (keep * before[1]) + (add * sum);
        }
        (before[0], before[1]) = (shift, sum);
        if (round == _lastRound)
            (keep, add) = (keep / sum, add / sum);
        if (keep == 0)
            Vectors.Scale(weighted, target, problem.Value.Channels, add);
        else
            Vectors.Combine(target, keep, weighted, add, problem.Value.Channels);
    }

    /// <summary>A token that sees no other in this round.</summary>
    private void Alone(ChunkBlock block, int round, int row, float* target, float* before)
    {
        if (round == 0)
            (before[0], before[1]) = (0, 0);
        if (round < _lastRound)
            return;
        // Alone in all rounds: its own value returns.
        if (before[1] == 0)
            Vectors.Scale(block.Values + (row * block.ValueChannels), target, problem.Value.Channels, 1);
        else
            Vectors.Scale(target, target, problem.Value.Channels, 1 / before[1]);
    }
}
