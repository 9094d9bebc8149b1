using System.Runtime.Intrinsics;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// Scores, masks, normalisers and the combination of rounds in one pass: a round adds its part to what the rounds before left, so that
/// nothing of the size tokens x window is ever in memory.
/// </summary>
internal sealed unsafe class ForwardPass(AttentionProblem problem, TokenRows output, TokenRows normaliser)
{
    private int _notFinite;

    /// <summary>Fills output and normaliser: log-sum-exp of all scores, +infinity for a token that is alone in all rounds.</summary>
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
        Parallel.For(0, problem.Query.Sequences, problem.Parallel, ReturnOwnValueWhereAlone);
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
        for (var run = block.Halo; run < block.Rows;)
        {
            var (first, end) = (block.FirstSeen(run), block.EndOfRun(run));
            if (round == 0 && end - first == 1)
                *normaliser.Row(sequence, block.Token(run)) = float.NegativeInfinity;
            if (end - first > 1)
            {
                for (var row = run; row < end; row += Vectors.Rows)
                    Attend(block, round, sequence, row, first, end);
            }
            run = end;
        }
    }

    /// <summary>Up to four queries of one run, which see the same rows.</summary>
    private void Attend(ChunkBlock block, int round, int sequence, int row, int first, int end)
    {
        var last = end - 1;
        float* Query(int number) => block.Queries + (Math.Min(row + number, last) * block.KeyChannels);
        var count = end - first;
        Vectors.Multiply(
            Query(0), Query(1), Query(2), Query(3), problem.Query.Channels,
            block.KeyColumns + first, block.ColumnStride, count, block.Scores, block.ScoreStride);
        var queries = Math.Min(Vectors.Rows, end - row);
        var sums = stackalloc float[Vectors.Rows];
        var highest = stackalloc float[Vectors.Rows];
        for (var number = 0; number < queries; number++)
        {
            var weights = block.Scores + (number * block.ScoreStride);
            weights[row + number - first] = float.NegativeInfinity;
            highest[number] = Weigh(block, weights, row + number, first, count, out sums[number]);
        }
        Vectors.WeightedSum(block.Scores, block.ScoreStride, count, block.Values + (first * block.ValueChannels), block.ValueChannels, block.Output);
        for (var number = 0; number < queries; number++)
        {
            var token = block.Token(row + number);
            Combine(
                block.Output + (number * block.ValueChannels), sums[number], highest[number] + MathF.Log(sums[number]), round,
                output.Row(sequence, token), normaliser.Row(sequence, token));
        }
    }

    /// <summary>Turns scores into exp(score - highest) / n.</summary>
    /// <returns>The highest score.</returns>
    private static float Weigh(ChunkBlock block, float* scores, int row, int first, int count, out float sum)
    {
        var padded = (count + 7) & ~7;
        for (var j = count; j < padded; j++)
            scores[j] = float.NegativeInfinity;
        var most = Vector256.Load(scores);
        for (var j = 8; j < padded; j += 8)
            most = Vector256.Max(most, Vector256.Load(scores + j));
        var highest = float.NegativeInfinity;
        for (var lane = 0; lane < 8; lane++)
            highest = MathF.Max(highest, most[lane]);
        var shift = Vector256.Create(highest);
        for (var j = 0; j < padded; j += 8)
            Vectors.Exp(Vector256.Load(scores + j) - shift).Store(scores + j);
        block.DivideByRounds(scores, row, first, padded);
        var total = Vector256<float>.Zero;
        for (var j = 0; j < padded; j += 8)
            total += Vector256.Load(scores + j);
        sum = Vector256.Sum(total);
        return highest;
    }

    /// <summary>Adds a round's part: a running log-sum-exp over the rounds.</summary>
    private void Combine(float* weighted, float sum, float normaliserHere, int round, float* output, float* normaliser)
    {
        var before = round == 0 ? float.NegativeInfinity : *normaliser;
        var channels = problem.Value.Channels;
        if (float.IsNegativeInfinity(before))
        {
            *normaliser = normaliserHere;
            for (var c = 0; c < channels; c++)
                output[c] = weighted[c] / sum;
            return;
        }
        var highest = MathF.Max(before, normaliserHere);
        var (old, fresh) = (MathF.Exp(before - highest), MathF.Exp(normaliserHere - highest));
        *normaliser = highest + MathF.Log(old + fresh);
        var (keep, add) = (old / (old + fresh), fresh / ((old + fresh) * sum));
        for (var c = 0; c < channels; c++)
            output[c] = (keep * output[c]) + (add * weighted[c]);
    }

    private void ReturnOwnValueWhereAlone(int sequence)
    {
        for (var token = 0; token < problem.Order.Tokens; token++)
        {
            var state = normaliser.Row(sequence, token);
            if (!float.IsNegativeInfinity(*state))
                continue;
            *state = float.PositiveInfinity;
            new ReadOnlySpan<float>(problem.Value.Row(sequence, token), problem.Value.Channels)
                .CopyTo(new Span<float>(output.Row(sequence, token), problem.Value.Channels));
        }
    }
}
