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
        Keys = floats(block.Capacity * block.KeyChannels);
        ValueColumns = floats(block.ValueChannels * block.ColumnStride);
        Flowing = floats(block.Capacity * block.ValueChannels);
        Weights = floats(Vectors.Rows * block.ScoreStride);
        OfQueries = floats(block.Capacity * block.KeyChannels);
        OfKeys = floats(block.Capacity * block.KeyChannels);
        OfValues = floats(block.Capacity * block.ValueChannels);
        Normalisers = floats(block.Capacity);
        Means = floats(block.Capacity);
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

    /// <summary>Asks for what <see cref="GatherRow"/> will read.</summary>
    public void Prefetch(int token)
    {
        _flowing.Prefetch(token);
        _constants.Prefetch(token);
    }

    /// <param name="ofKey">Factor that makes the query its key.</param>
    public void GatherRow(int row, float* query, float ofKey)
    {
        var token = _block.Token(row);
        var (keys, values, channels) = (row * _block.KeyChannels, row * _block.ValueChannels, _problem.Value.Channels);
        Vectors.Scale(query, Keys + keys, _problem.Query.Channels, ofKey);
        var flowing = _flowing.Row(token);
        Vectors.Scale(flowing, Flowing + values, channels, 1);
        (Normalisers[row], Means[row]) = (_constants.Row(token)[0], _constants.Row(token)[1]);
        var column = ValueColumns + row;
        for (var c = 0; c < channels; c++)
        {
            *column = _block.Values[values + c];
            column += _block.ColumnStride;
        }
        new Span<float>(OfQueries + keys, _block.KeyChannels).Clear();
        new Span<float>(OfKeys + keys, _block.KeyChannels).Clear();
        new Span<float>(OfValues + values, _block.ValueChannels).Clear();
    }
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
