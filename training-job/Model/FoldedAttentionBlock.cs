using CtSeg.TrainingJob.Attention;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>
/// Attention and the block behind it, for inference. Between the map and the block's 3x3 convolution only the attention itself is not linear: the
/// projections of query and value and the block's 1x1 convolutions are one convolution of the map, which is read once, and the output
/// projection is merged with the same 1x1 convolutions, so that the sum x + W_o(attention(x)) never exists.
/// </summary>
internal sealed class FoldedAttentionBlock : IDisposable
{
    // Of the cache: the attention reads the query of a token from one line.
    private const int ChannelsOfLine = 16;

    private readonly LshAttentionLayer _attention;
    private readonly ResNeXtBlocks _blocks;
    private readonly long _projected;
    private readonly long _reduced;
    private readonly long _shortcut;
    private readonly Tensor _ofMap;
    private readonly Tensor _bias;
    // [inner, reduced + shortcut channels]
    private readonly Tensor _ofAttended;

    private FoldedAttentionBlock(
        LshAttentionLayer attention, ResNeXtBlocks blocks, (Tensor Weight, Tensor Bias) reduce, (Tensor Weight, Tensor Bias) shortcut)
    {
        (_attention, _blocks) = (attention, blocks);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var (query, value, output, outputBias) = attention.Weights;
        (_projected, _reduced, _shortcut) = (query.size(0) + value.size(0), reduce.Weight.size(0), shortcut.Weight.size(0));
        var used = _projected + _reduced + _shortcut;
        var unused = (ChannelsOfLine - (used % ChannelsOfLine)) % ChannelsOfLine;
        Tensor Nothing(params long[] shape) => zeros(shape, query.dtype, query.device);
        // W(x + W_o a + b_o) + b = W x + (W W_o) a + (W b_o + b)
        var weight = cat([reduce.Weight, shortcut.Weight], 0);
        var matrix = weight.flatten(1);
        var bias = matrix.matmul(outputBias).add(cat([reduce.Bias, shortcut.Bias], 0), alpha: One);
        _ofAttended = matrix.matmul(output.flatten(1)).t().contiguous().detach().DetachFromDisposeScope();
        _ofMap = cat([query, value, weight, Nothing(unused, query.size(1), 1, 1)], 0).detach().DetachFromDisposeScope();
        _bias = cat([Nothing(_projected), bias, Nothing(unused)], 0).detach().DetachFromDisposeScope();
    }

    /// <returns>Null where the block is of another kind or is not folded.</returns>
    public static FoldedAttentionBlock? Of(LshAttentionLayer attention, nn.Module<Tensor, Tensor> block) =>
        block is ResNeXtBlocks { First.FoldedOfInput: { } folded } blocks
            ? new FoldedAttentionBlock(attention, blocks, folded.Reduce, folded.Shortcut)
            : null;

    /// <summary>All that reads the map.</summary>
    /// <param name="map">[batch, channels, height, width]</param>
    /// <returns>What <see cref="Continue"/> goes on with.</returns>
    public Tensor Project(Tensor map) => PointwiseConvolution.Apply(map, _ofMap, _bias);

    /// <param name="projected">Of <see cref="Project"/>; overwritten.</param>
    /// <returns>[batch, output channels of the block, height, width]</returns>
    public Tensor Continue(Tensor projected)
    {
        using var scope = NewDisposeScope();
        using (var attended = _attention.Attend(projected.narrow(1, 0, _projected)))
        {
            var rows = projected.permute(0, 2, 3, 1).reshape(-1, projected.size(1)).narrow(1, _projected, _reduced + _shortcut);
            rows.addmm_(attended.permute(0, 2, 3, 1).reshape(-1, attended.size(1)), _ofAttended);
        }
        return _blocks.Continue(projected.narrow(1, _projected, _reduced), projected.narrow(1, _projected + _reduced, _shortcut)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in new[] { _ofMap, _bias, _ofAttended })
            tensor.Dispose();
    }
}
