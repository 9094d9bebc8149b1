using CtSeg.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>The ResNeXt blocks of a level: the first changes the number of channels.</summary>
internal sealed class ResNeXtBlocks : nn.Module<Tensor, Tensor>
{
    private readonly ModuleList<ResNeXtBlock> blocks = [];

    public ResNeXtBlocks(int inputChannels, int outputChannels, ModelConfiguration configuration) : base(nameof(ResNeXtBlocks))
    {
        for (var block = 0; block < configuration.ResNeXtBlocks; block++)
            blocks.Add(new ResNeXtBlock(block == 0 ? inputChannels : outputChannels, outputChannels, configuration.Cardinality, configuration.InnerShare));
        RegisterComponents();
    }

    public ResNeXtBlock First => blocks[0];

    /// <param name="input">[batch, input channels, height, width]</param>
    /// <returns>[batch, output channels, height, width]</returns>
    public override Tensor forward(Tensor input) => Rest(First.call(input));

    /// <summary>All that follows the 1x1 convolutions of the input, see <see cref="ResNeXtBlock.Continue"/>.</summary>
    public Tensor Continue(Tensor reduced, Tensor residual) => Rest(First.Continue(reduced, residual));

    private Tensor Rest(Tensor map)
    {
        foreach (var block in blocks.Skip(1))
        {
            using var before = map;
            map = block.call(before);
        }
        return map;
    }
}
