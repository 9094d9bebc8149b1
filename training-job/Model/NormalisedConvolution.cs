using TorchSharp.Modules;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>
/// A convolution without bias and its batch normalisation, computed with channels-last strides. For inference both become one convolution, whose
/// weights are kept in the layout in which they are used.
/// </summary>
internal sealed class NormalisedConvolution(Conv2d convolution, BatchNorm2d norm) : IDisposable
{
    private readonly bool _pointwise = convolution.weight.size(2) == 1 && convolution.weight.size(3) == 1 && convolution.groups == 1;
    private Tensor? _weight;
    private Tensor? _bias;

    /// <summary>Computes as torch does by default, layer by layer: what the fast way is measured against and must agree with.</summary>
    public bool Plain { get; set; }

    /// <param name="input">[batch, input channels, height, width]</param>
    /// <returns>[batch, output channels, height, width], with channels-last strides unless <see cref="Plain"/>.</returns>
    public Tensor Apply(Tensor input)
    {
        if (Plain)
            return Normalise(convolution.call(input));
        return _weight is null
            ? Normalise(Convolve(input, convolution.weight, bias: null))
            : Convolve(input, _weight, _bias);
    }

    /// <value>Weight and bias of the one convolution that inference uses; null before <see cref="Fold"/>.</value>
    public (Tensor Weight, Tensor Bias)? Folded => _weight is null ? null : (_weight, _bias!);

    /// <summary>Folds the running statistics into the weights: later changes of either are not seen.</summary>
    public void Fold()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var scale = norm.weight!.div(norm.running_var!.add(Kept(norm.eps), alpha: One).sqrt());
        var weight = ChannelsLast.Of(convolution.weight.mul(scale.reshape(-1, 1, 1, 1)));
        var bias = norm.bias!.sub(norm.running_mean!.mul(scale));
        Dispose();
        (_weight, _bias) = (weight.DetachFromDisposeScope(), bias.DetachFromDisposeScope());
    }

    public void Dispose()
    {
        _weight?.Dispose();
        _bias?.Dispose();
        (_weight, _bias) = (null, null);
    }

    /// <summary>What the module does when it is called; its own way makes a number that nothing keeps, see <see cref="Tensors.KeptScalar"/>.</summary>
    private Tensor Normalise(Tensor map)
    {
        if (norm.training)
            norm.num_batches_tracked!.add_(Kept(1), alpha: One);
        return nn.functional.batch_norm(
            map, norm.running_mean!, norm.running_var!, norm.weight, norm.bias, norm.training, norm.momentum!.Value, norm.eps);
    }

    private Tensor Convolve(Tensor input, Tensor weight, Tensor? bias) => _pointwise
        ? PointwiseConvolution.Apply(input, weight, bias)
        : ChannelsLast.Of(nn.functional.conv2d(ChannelsLast.Of(input), weight, bias, padding: [1, 1], groups: convolution.groups));
}
