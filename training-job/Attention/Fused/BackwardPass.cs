namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// The gradient, from the scores computed once more: with p_ij = 2^(s_ij - z_i) over all rounds, ds_ij = p_ij (do_i.v_j - do_i.o_i).
/// </summary>
internal sealed unsafe class BackwardPass(AttentionProblem problem, BackwardInputs inputs, TokenRows ofQuery, TokenRows ofValue)
{
    private const int TokensOfTask = 1024;

    /// <summary>Fills the gradients.</summary>
    public void Run()
    {
        var pieces = (problem.Order.Tokens + TokensOfTask - 1) / TokensOfTask;
        Parallel.For(0, problem.Query.Sequences * pieces, problem.Parallel, task => Prepare(task / pieces, task % pieces * TokensOfTask));
        for (var round = 0; round < problem.Order.Rounds; round++)
        {
            // A block also adds to the last chunk of the one before it: every second one first, so that no two write the same rows,
            // and sums come out alike whatever the number of threads.
            Blocks(round, parity: 0);
            Blocks(round, parity: 1);
        }
    }

    /// <summary>What is the same in all rounds is computed once, in the order in which tokens lie in memory.</summary>
    private void Prepare(int sequence, int firstToken)
    {
        var (output, state, flowing) = (inputs.Output.Sequence(sequence), inputs.State.Sequence(sequence), inputs.Flowing.Sequence(sequence));
        var constants = inputs.Constants.Sequence(sequence);
        for (var token = firstToken; token < Math.Min(problem.Order.Tokens, firstToken + TokensOfTask); token++)
        {
            var (shift, sum) = (state.Row(token)[0], state.Row(token)[1]);
            constants.Row(token)[0] = shift + MathF.Log2(sum);
            constants.Row(token)[1] = Vectors.Dot(output.Row(token), flowing.Row(token), problem.Value.Channels);
        }
    }

    private void Blocks(int round, int parity)
    {
        var ofParity = (problem.Blocks + 1 - parity) / 2;
        Parallel.For(0, problem.Query.Sequences * ofParity, problem.Parallel, NewBlock, (task, _, block) =>
        {
            Block(block, round, task / ofParity, (2 * (task % ofParity)) + parity);
            return block;
        }, block => block.Dispose());
    }

    private ChunkBlock NewBlock()
    {
        var block = new ChunkBlock(problem, forGradient: true);
        block.Gradient!.Inputs = inputs;
        return block;
    }

    private void Block(ChunkBlock block, int round, int sequence, int number)
    {
        block.Open(round, sequence, number * AttentionProblem.ChunksOfBlock);
        var (ofQueries, ofValues) = (ofQuery.Sequence(sequence), ofValue.Sequence(sequence));
        var unset = round == 0 ? Unset(block, number) : default;
        var complete = 0;
        for (var row = block.Halo; row < block.Rows; row += problem.ChunkLength)
        {
            var endOfChunk = Math.Min(row + problem.ChunkLength, block.Rows);
            block.GatherTo(endOfChunk);
            for (var run = row; run < endOfChunk;)
            {
                var (first, end) = (block.FirstSeen(run), block.EndOfRun(run));
                if (end - first > 1)
                {
                    for (var query = run; query < end; query += Vectors.Rows)
                        Differentiate(block, query, first, end, complete + query - row, ofQueries, ofValues);
                }
                run = end;
            }
            // No later chunk sees the one before this.
            Add(block, complete, row, unset, ofQueries, ofValues);
            complete = row;
        }
        Add(block, complete, block.Rows, unset, ofQueries, ofValues);
    }

    /// <summary>
    /// The rows of a block that nothing was added to before the first round's pass over it: of an even block all; an odd one shares its first and
    /// last chunk with even ones.
    /// </summary>
    private (int Begin, int End) Unset(ChunkBlock block, int number) =>
        number % 2 == 0 ? (0, block.Rows) : (block.Halo, number + 1 < problem.Blocks ? block.Rows - problem.ChunkLength : block.Rows);

    /// <summary>Asks for a few gradients that will be added to when this chunk is done.</summary>
    private static void AskForComplete(ChunkBlock block, int first, SequenceRows ofQueries, SequenceRows ofValues)
    {
        for (var row = first; row < first + Vectors.Rows; row++)
        {
            ofQueries.Prefetch(block.Token(row));
            ofValues.Prefetch(block.Token(row));
        }
    }

    private void Differentiate(ChunkBlock block, int row, int first, int end, int complete, SequenceRows ofQueries, SequenceRows ofValues)
    {
        var gradient = block.Gradient!;
        var count = end - first;
        var own = Math.Min(Vectors.Rows, end - row);
        // Little at a time: what is asked for at once holds up the reads between.
        block.PrefetchUpcoming(own / 2);
        new PairWeights(problem, block, row, first, count).FillForGradient(
            gradient.Normalisers + row, gradient.Means + row, gradient.Weights, block.Scores, block.ScoreStride);
        block.PrefetchUpcoming(own - (own / 2));
        Vectors.WeightedSum(block.Scores, block.ScoreStride, count, gradient.Keys + (first * block.KeyChannels), block.KeyChannels, block.Output);
        new ReadOnlySpan<float>(block.Output, own * block.KeyChannels)
            .CopyTo(new Span<float>(gradient.OfQueries + (row * block.KeyChannels), own * block.KeyChannels));
        AskForComplete(block, complete, ofQueries, ofValues);
        Vectors.AddOuter(
            block.Scores, block.ScoreStride, count, block.Queries + (row * block.KeyChannels), own,
            gradient.OfKeys + (first * block.KeyChannels), block.KeyChannels);
        Vectors.AddOuter(
            gradient.Weights, block.ScoreStride, count, gradient.Flowing + (row * block.ValueChannels), own,
            gradient.OfValues + (first * block.ValueChannels), block.ValueChannels);
    }

    private void Add(ChunkBlock block, int begin, int end, (int Begin, int End) unset, SequenceRows ofQueries, SequenceRows ofValues)
    {
        for (var row = begin; row < end; row++)
        {
            if (row + SequenceRows.Ahead < end)
            {
                ofQueries.Prefetch(block.Token(row + SequenceRows.Ahead));
                ofValues.Prefetch(block.Token(row + SequenceRows.Ahead));
            }
            var ofOwnQuery = ofQueries.Row(block.Token(row));
            var ofOwnValue = ofValues.Row(block.Token(row));
            if (unset.Begin <= row && row < unset.End)
                Start(block, row, ofOwnQuery, ofOwnValue);
            Add(block, row, ofOwnQuery, ofOwnValue);
        }
    }

    private void Start(ChunkBlock block, int row, float* ofOwnQuery, float* ofOwnValue)
    {
        var gradient = block.Gradient!;
        new Span<float>(ofOwnQuery, problem.Query.Channels).Clear();
        // Alone in all rounds: its output is its own value.
        if (float.IsNegativeInfinity(gradient.Normalisers[row]))
            Vectors.Scale(gradient.Flowing + (row * block.ValueChannels), ofOwnValue, problem.Value.Channels, 1);
        else
            new Span<float>(ofOwnValue, problem.Value.Channels).Clear();
    }

    /// <summary>Gives a row's gradients to its token; that of the key through its normalisation.</summary>
    private void Add(ChunkBlock block, int row, float* ofOwnQuery, float* ofOwnValue)
    {
        var gradient = block.Gradient!;
        var key = gradient.Keys + (row * block.KeyChannels);
        var ofKey = gradient.OfKeys + (row * block.KeyChannels);
        // A query that is too short for its length to count is divided by a constant.
        var isShort = block.Bounds[row] < AttentionProblem.ShortestKey * problem.Scale;
        var along = isShort ? 0 : Vectors.Dot(key, ofKey, problem.Query.Channels);
        // The scores are exponents of 2: their gradient is that of the exponents of e times ln 2.
        var ofScore = AttentionProblem.Ln2 * problem.Scale;
        var ofLength = ofScore * block.InverseLengths[row];
        Vectors.Add(
            ofOwnQuery, gradient.OfQueries + (row * block.KeyChannels), ofScore, ofKey, ofLength, key, -ofLength * along, problem.Query.Channels);
        Vectors.Add(ofOwnValue, gradient.OfValues + (row * block.ValueChannels), 1, problem.Value.Channels);
    }
}
