using CtSeg.TrainingJob.Attention;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>
/// Attention and the block behind it, for inference. Between the map and the block's 3x3 convolution only the attention itself is not linear: the
/// projections of query and value and the block's 1x1 convolutions are one convolution of the map, which is read once, and the output
/// projection is merged with the same convolutions, so that the sum x + W_o(attention(x)) never exists.
/// </summary>
internal sealed class FoldedAttentionBlock : IDisposable
{
    // Of the cache: the attention reads the query of a token from one line.
    private const int ChannelsOfLine = 16;

    private readonly LshAttentionLayer _attention;
    private readonly ResNeXtBlock _block;
    private readonly long[] _channels;
    private readonly Tensor _ofMap;
    private readonly (Tensor Weight, Tensor Bias) _reduceOfAttended;
    private readonly (Tensor Weight, Tensor Bias) _shortcutOfAttended;

    private FoldedAttentionBlock(
        LshAttentionLayer attention, ResNeXtBlock block, (Tensor Weight, Tensor Bias) reduce, (Tensor Weight, Tensor Bias) shortcut)
    {
        (_attention, _block) = (attention, block);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var (query, value, _, _) = attention.Weights;
        var used = query.size(0) + value.size(0) + reduce.Weight.size(0) + shortcut.Weight.size(0);
        var unused = (ChannelsOfLine - (used % ChannelsOfLine)) % ChannelsOfLine;
        _channels = [query.size(0) + value.size(0), reduce.Weight.size(0), shortcut.Weight.size(0), unused];
        var nothing = zeros([unused, query.size(1), 1, 1], query.dtype, query.device);
        _ofMap = cat([query, value, reduce.Weight, shortcut.Weight, nothing], 0).detach().DetachFromDisposeScope();
        _reduceOfAttended = AfterOutputProjection(reduce);
        _shortcutOfAttended = AfterOutputProjection(shortcut);
    }

    /// <returns>Null where the block is of another kind or is not folded.</returns>
    public static FoldedAttentionBlock? Of(LshAttentionLayer attention, nn.Module<Tensor, Tensor> block) =>
        block is ResNeXtBlock { FoldedOfInput: { } folded } resNeXt
            ? new FoldedAttentionBlock(attention, resNeXt, folded.Reduce, folded.Shortcut)
            : null;

    /// <param name="map">[batch, channels, height, width]</param>
    /// <returns>[batch, output channels of the block, height, width]</returns>
    public Tensor Apply(Tensor map)
    {
        using var scope = NewDisposeScope();
        var parts = PointwiseConvolution.Apply(map, _ofMap, bias: null).split(_channels, 1);
        var attended = _attention.Attend(parts[0]);
        var reduced = PointwiseConvolution.Apply(attended, _reduceOfAttended.Weight, _reduceOfAttended.Bias).add_(parts[1]);
        var residual = PointwiseConvolution.Apply(attended, _shortcutOfAttended.Weight, _shortcutOfAttended.Bias).add_(parts[2]);
        return _block.Continue(reduced, residual).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in new[] { _ofMap, _reduceOfAttended.Weight, _reduceOfAttended.Bias, _shortcutOfAttended.Weight, _shortcutOfAttended.Bias })
            tensor.Dispose();
    }

    /// <summary>W(x + W_o a + b_o) + b = W x + (W W_o) a + (W b_o + b): weight and bias for a.</summary>
    private (Tensor Weight, Tensor Bias) AfterOutputProjection((Tensor Weight, Tensor Bias) convolution)
    {
        var (_, _, output, outputBias) = _attention.Weights;
        var weight = convolution.Weight.flatten(1);
        return (
            weight.matmul(output.flatten(1)).unsqueeze(-1).unsqueeze(-1).detach().DetachFromDisposeScope(),
            weight.matmul(outputBias).add(convolution.Bias).detach().DetachFromDisposeScope());
    }
}
