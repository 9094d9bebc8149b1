using TorchSharp.Modules;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>Aggregated residual transformations (arXiv:1611.05431, figure 3c): 1x1, grouped 3x3, 1x1, added to the shortcut.</summary>
internal sealed class ResNeXtBlock : nn.Module<Tensor, Tensor>, INormalisedBlock
{
    private readonly Conv2d reduce;
    private readonly BatchNorm2d reduceNorm;
    private readonly Conv2d grouped;
    private readonly BatchNorm2d groupedNorm;
    private readonly Conv2d expand;
    private readonly BatchNorm2d expandNorm;
    private readonly Conv2d? shortcut;
    private readonly BatchNorm2d? shortcutNorm;
    private readonly NormalisedConvolution _reduce;
    private readonly NormalisedConvolution _grouped;
    private readonly NormalisedConvolution _expand;
    private readonly NormalisedConvolution? _shortcut;

    public ResNeXtBlock(int inputChannels, int outputChannels, int cardinality, double innerShare) : base(nameof(ResNeXtBlock))
    {
        var inner = (int)Math.Ceiling(outputChannels * innerShare / cardinality) * cardinality;
        reduce = nn.Conv2d(inputChannels, inner, 1, bias: false);
        reduceNorm = nn.BatchNorm2d(inner);
        grouped = nn.Conv2d(inner, inner, 3, padding: 1, groups: cardinality, bias: false);
        groupedNorm = nn.BatchNorm2d(inner);
        expand = nn.Conv2d(inner, outputChannels, 1, bias: false);
        expandNorm = nn.BatchNorm2d(outputChannels);
        if (inputChannels != outputChannels)
        {
            shortcut = nn.Conv2d(inputChannels, outputChannels, 1, bias: false);
            shortcutNorm = nn.BatchNorm2d(outputChannels);
        }
        RegisterComponents();
        (_reduce, _grouped, _expand) = (new(reduce, reduceNorm), new(grouped, groupedNorm), new(expand, expandNorm));
        _shortcut = shortcut is null ? null : new(shortcut, shortcutNorm!);
    }

    /// <value>The 1x1 convolutions of the input, folded; null before that, and where the shortcut is the input itself.</value>
    public ((Tensor Weight, Tensor Bias) Reduce, (Tensor Weight, Tensor Bias) Shortcut)? FoldedOfInput =>
        _reduce.Folded is { } first && _shortcut?.Folded is { } second ? (first, second) : null;

    public IReadOnlyList<NormalisedConvolution> Convolutions => _shortcut is null ? [_reduce, _grouped, _expand] : [_reduce, _grouped, _expand, _shortcut];

    /// <param name="input">[batch, input channels, height, width]</param>
    /// <returns>[batch, output channels, height, width]</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return Continue(_reduce.Apply(input), _shortcut is null ? input : _shortcut.Apply(input)).MoveToOuterDisposeScope();
    }

    /// <summary>All that follows the 1x1 convolutions of the input.</summary>
    /// <param name="reduced">[batch, inner channels, height, width], before its ReLU.</param>
    /// <param name="residual">[batch, output channels, height, width]</param>
    /// <returns>[batch, output channels, height, width]</returns>
    public Tensor Continue(Tensor reduced, Tensor residual)
    {
        using var scope = NewDisposeScope();
        var isDense = reduced.permute(0, 2, 3, 1).is_contiguous();
        // What has been used is given back at once, and so is in the cache when it is given out again.
        using var first = nn.functional.relu(reduced, inplace: isDense);
        using var second = _grouped.Apply(first);
        first.Dispose();
        using var third = nn.functional.relu(second, inplace: true);
        using var sum = _expand.Apply(third);
        second.Dispose();
        third.Dispose();
        sum.add_(residual, alpha: One);
        return nn.functional.relu(sum, inplace: true).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var convolution in Convolutions)
            convolution.Dispose();
        base.Dispose(disposing);
    }
}
