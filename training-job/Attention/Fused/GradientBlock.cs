namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>What the backward pass holds beside a <see cref="ChunkBlock"/>, in the same rows.</summary>
internal sealed unsafe class GradientBlock
{
    private readonly ChunkBlock _block;

    /// <param name="floats">Takes zeroed memory from the block's pool.</param>
    public GradientBlock(ChunkBlock block, FloatSource floats)
    {
        _block = block;
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
    /// <value>[rows]: log-sum-exp over all rounds; -infinity for a token that is alone in all.</value>
    public float* Normalisers { get; }
    /// <value>[rows]: output times its gradient, summed over channels.</value>
    public float* Means { get; }

    public BackwardInputs? Inputs { get; set; }

    public void Gather(int sequence)
    {
        var inputs = Inputs!;
        for (var d = 0; d < _block.KeyChannels; d++)
        {
            var column = _block.KeyColumns + (d * _block.ColumnStride);
            for (var row = 0; row < _block.Rows; row++)
                Keys[(row * _block.KeyChannels) + d] = column[row];
        }
        for (var row = 0; row < _block.Rows; row++)
            GatherRow(inputs, sequence, row);
        new Span<float>(OfQueries, _block.Rows * _block.KeyChannels).Clear();
        new Span<float>(OfKeys, _block.Rows * _block.KeyChannels).Clear();
        new Span<float>(OfValues, _block.Rows * _block.ValueChannels).Clear();
    }

    private void GatherRow(BackwardInputs inputs, int sequence, int row)
    {
        var token = _block.Token(row);
        var output = inputs.Output.Row(sequence, token);
        var flowing = inputs.Flowing.Row(sequence, token);
        var mean = 0f;
        for (var c = 0; c < inputs.Output.Channels; c++)
        {
            mean += output[c] * flowing[c];
            Flowing[(row * _block.ValueChannels) + c] = flowing[c];
            ValueColumns[(c * _block.ColumnStride) + row] = _block.Values[(row * _block.ValueChannels) + c];
        }
        Means[row] = mean;
        var state = inputs.State.Row(sequence, token);
        Normalisers[row] = state[0] + MathF.Log(state[1]);
    }
}

/// <summary>What the forward pass left, and what flows back into it.</summary>
internal sealed class BackwardInputs(TokenRows output, TokenRows state, TokenRows flowing)
{
    public TokenRows Output => output;
    /// <value>[.., 2]: shift and sum; see <see cref="ForwardPass"/>.</value>
    public TokenRows State => state;
    public TokenRows Flowing => flowing;
}
