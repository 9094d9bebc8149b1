using CtSeg.Models;
using CtSeg.TrainingJob.Model;
using TorchSharp.Modules;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention;

/// <summary>`x + W_o(attention(x))` over the positions of a feature map, with several heads (arXiv:2004.05645, section II-C).</summary>
internal sealed class LshAttentionLayer : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d queryProjection;
    private readonly Conv2d valueProjection;
    private readonly Conv2d outputProjection;
    private readonly LshHash _hash;
    private readonly ModelConfiguration _configuration;
    private readonly bool _exact;

    public LshAttentionLayer(int channels, int level, ModelConfiguration configuration) : base(nameof(LshAttentionLayer))
    {
        _configuration = configuration;
        _exact = configuration.ExactAttentionLevels.Contains(level);
        var inner = configuration.Heads * configuration.HeadChannels;
        queryProjection = nn.Conv2d(channels, inner, 1, bias: false);
        valueProjection = nn.Conv2d(channels, inner, 1, bias: false);
        outputProjection = nn.Conv2d(inner, channels, 1);
        _hash = new LshHash(configuration.RotationSeed, level, configuration.Heads, configuration.Rounds, configuration.HeadChannels);
        RegisterComponents();
    }

    /// <summary>Leaves the attention out, so that its part in a result can be measured.</summary>
    public bool Zeroed { get; set; }

    /// <param name="input">[batch, channels, height, width]</param>
    /// <returns>[batch, channels, height, width]</returns>
    public override Tensor forward(Tensor input)
    {
        if (Zeroed)
            return input.alias();
        using var scope = NewDisposeScope();
        // Both at once: the map is read a single time, and query and value of a token lie side by side.
        using var projection = cat([queryProjection.weight, valueProjection.weight], 0);
        var attended = Attend(PointwiseConvolution.Apply(input, projection, bias: null));
        return PointwiseConvolution.Apply(attended, outputProjection.weight, outputProjection.bias).add_(input, alpha: One).MoveToOuterDisposeScope();
    }

    /// <summary>The weights of its convolutions, so that others can be merged with them: [inner, channels, 1, 1], output [channels, inner, 1, 1].</summary>
    public (Tensor Query, Tensor Value, Tensor Output, Tensor OutputBias) Weights =>
        (queryProjection.weight, valueProjection.weight, outputProjection.weight, outputProjection.bias!);

    /// <param name="projected">Query and value, [batch, 2 * inner, height, width]; in channels-last order the tokens are the map, without a copy.</param>
    /// <returns>[batch, inner, height, width], channels-last strides; inner is heads * head channels.</returns>
    public Tensor Attend(Tensor projected)
    {
        using var scope = NewDisposeScope();
        var (batch, height, width) = (projected.size(0), projected.size(2), projected.size(3));
        var tokens = projected.permute(0, 2, 3, 1).reshape(batch, -1, 2 * _configuration.Heads, _configuration.HeadChannels);
        var query = tokens.narrow(2, 0, _configuration.Heads);            // [batch, tokens, heads, head channels]
        var value = tokens.narrow(2, _configuration.Heads, _configuration.Heads);
        return Attend(query, value).reshape(batch, height, width, -1).permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    private Tensor Attend(Tensor query, Tensor value)
    {
        if (_exact)
            return ExactAttention.Attend(query, value);
        using var buckets = _hash.Buckets(query, _configuration.ChunkLength);
        return LshAttention.Attend(query, value, buckets, _configuration.ChunkLength);
    }
}
