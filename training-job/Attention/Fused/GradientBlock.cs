namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>What the backward pass holds beside a <see cref="ChunkBlock"/>, in the same rows.</summary>
internal sealed unsafe class GradientBlock
{
    private readonly AttentionProblem _problem;
    private readonly ChunkBlock _block;
    private SequenceRows _flowing;
    private SequenceRows _constants;

    /// <param name="floats">Takes zeroed memory from the block's pool.</param>
    public GradientBlock(AttentionProblem problem, ChunkBlock block, FloatSource floats)
    {
        (_problem, _block) = (problem, block);
        Keys = floats(block.ColumnStride * block.KeyChannels);
        ValueColumns = floats(block.ValueChannels * block.ColumnStride);
        Flowing = floats(block.ColumnStride * block.ValueChannels);
        Weights = floats(Vectors.Rows * block.ScoreStride);
        OfQueries = floats(block.ColumnStride * block.KeyChannels);
        OfKeys = floats(block.ColumnStride * block.KeyChannels);
        OfValues = floats(block.ColumnStride * block.ValueChannels);
        Normalisers = floats(block.ColumnStride);
        Means = floats(block.ColumnStride);
    }

    public delegate float* FloatSource(int count);

    /// <value>[rows, key channels]: normalised.</value>
    public float* Keys { get; }
    /// <value>[value channels, column stride]</value>
    public float* ValueColumns { get; }
    /// <value>[rows, value channels]: the gradient that flows into the output.</value>
    public float* Flowing { get; }
    /// <value>[4, score stride]</value>
    public float* Weights { get; }
    public float* OfQueries { get; }
    public float* OfKeys { get; }
    public float* OfValues { get; }
    /// <value>[rows]: binary logarithm of the sum of 2^score over all rounds; -infinity for a token that is alone in all.</value>
    public float* Normalisers { get; }
    /// <value>[rows]: output times its gradient, summed over channels.</value>
    public float* Means { get; }

    public BackwardInputs? Inputs { get; set; }

    /// <summary>Turns to a sequence: the rows that follow are of its tokens.</summary>
    public void Turn(int sequence) =>
        (_flowing, _constants) = (Inputs!.Flowing.Sequence(sequence), Inputs.Constants.Sequence(sequence));

    /// <summary>Asks for what <see cref="Gather"/> will read.</summary>
    public void Prefetch(int token)
    {
        _flowing.Prefetch(token);
        _constants.Prefetch(token);
    }

    /// <summary>Gathers rows whose queries and values are there.</summary>
    public void Gather(int begin, int end)
    {
        for (var row = begin; row < end; row++)
        {
            var token = _block.Token(row);
            Vectors.Scale(_block.Queries + (row * _block.KeyChannels), Keys + (row * _block.KeyChannels), _block.KeyChannels, _block.InverseLengths[row]);
            Vectors.Scale(_flowing.Row(token), Flowing + (row * _block.ValueChannels), _problem.Value.Channels, 1);
            (Normalisers[row], Means[row]) = (_constants.Row(token)[0], _constants.Row(token)[1]);
        }
        for (var row = begin; row < end; row += Vectors.Rows)
        {
            Vectors.Transpose(
                _block.Values + (row * _block.ValueChannels), _block.ValueChannels, _block.ValueChannels, ValueColumns + row, _block.ColumnStride);
        }
        Clear(OfQueries, begin, end, _block.KeyChannels);
        Clear(OfKeys, begin, end, _block.KeyChannels);
        Clear(OfValues, begin, end, _block.ValueChannels);
    }

    private static void Clear(float* rows, int begin, int end, int channels) => new Span<float>(rows + (begin * channels), (end - begin) * channels).Clear();
}

/// <summary>What the forward pass left, and what flows back into it.</summary>
internal sealed class BackwardInputs(TokenRows output, TokenRows state, TokenRows flowing, TokenRows constants)
{
    public TokenRows Output => output;
    /// <value>[.., 2]: shift and sum; see <see cref="ForwardPass"/>.</value>
    public TokenRows State => state;
    public TokenRows Flowing => flowing;
    /// <value>[.., 2]: the binary logarithm of the sum of 2^score over all rounds, and its output times its gradient; filled by <see cref="BackwardPass"/>.</value>
    public TokenRows Constants => constants;
}
