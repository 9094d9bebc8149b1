using TorchSharp.Modules;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>The block of the plain U-Net (arXiv:1505.04597): two 3x3 convolutions, each with batch normalisation and ReLU.</summary>
internal sealed class DoubleConvolution : nn.Module<Tensor, Tensor>, INormalisedBlock
{
    private readonly Conv2d first;
    private readonly BatchNorm2d firstNorm;
    private readonly Conv2d second;
    private readonly BatchNorm2d secondNorm;

    public DoubleConvolution(int inputChannels, int outputChannels) : base(nameof(DoubleConvolution))
    {
        first = nn.Conv2d(inputChannels, outputChannels, 3, padding: 1, bias: false);
        firstNorm = nn.BatchNorm2d(outputChannels);
        second = nn.Conv2d(outputChannels, outputChannels, 3, padding: 1, bias: false);
        secondNorm = nn.BatchNorm2d(outputChannels);
        RegisterComponents();
        Convolutions = [new(first, firstNorm), new(second, secondNorm)];
    }

    public IReadOnlyList<NormalisedConvolution> Convolutions { get; }

    /// <param name="input">[batch, input channels, height, width]</param>
    /// <returns>[batch, output channels, height, width]</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var inner = nn.functional.relu(Convolutions[0].Apply(input), inplace: true);
        return nn.functional.relu(Convolutions[1].Apply(inner), inplace: true).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var convolution in Convolutions)
            convolution.Dispose();
        base.Dispose(disposing);
    }
}
