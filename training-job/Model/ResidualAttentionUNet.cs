using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Attention;
using CtSeg.TrainingJob.Inference;
using TorchSharp.Modules;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Model;

/// <summary>
/// The Residual Attention U-Net of arXiv:2004.05645: four encoder levels, a bridge that also receives the globally pooled
/// features, four decoder levels with attention on the concatenated maps. The ablations of Table II are configurations of it.
/// </summary>
internal sealed class ResidualAttentionUNet : nn.Module<Tensor, Tensor>
{
    private const int Levels = 4;

    private readonly ModuleList<nn.Module<Tensor, Tensor>> encoder = [];
    private readonly nn.Module<Tensor, Tensor> bridge;
    private readonly Conv2d globalProjection;
    // The decoder's lists stand in the order of the levels: 0 is the full resolution.
    private readonly ModuleList<nn.Module<Tensor, Tensor>> upsample = [];
    private readonly AttentionOfLevels attention = new();
    private readonly ModuleList<nn.Module<Tensor, Tensor>> decoder = [];
    private readonly Conv2d classifier;
    private readonly Dictionary<int, FoldedAttentionBlock> _foldedAttention = [];

    /// <summary>Builds the network with random weights: torch's own seed decides them.</summary>
    /// <exception cref="InvalidDataException">The configuration is not valid.</exception>
    public ResidualAttentionUNet(ModelConfiguration configuration) : base(nameof(ResidualAttentionUNet))
    {
        configuration.Validate();
        Configuration = configuration;
        var widths = Enumerable.Range(0, Levels + 1).Select(level => configuration.BaseChannels << level).ToArray();
        for (var level = 0; level < Levels; level++)
            encoder.Add(Block(level == 0 ? 1 : widths[level - 1], widths[level]));
        bridge = Block(widths[Levels - 1], widths[Levels]);
        globalProjection = nn.Conv2d(widths[Levels - 1], widths[Levels], 1);
        for (var level = 0; level < Levels; level++)
        {
            upsample.Add(nn.ConvTranspose2d(widths[level + 1], widths[level], 2, stride: 2));
            if (configuration.UsesAttention && configuration.AttentionLevels.Contains(level))
                attention.Add(level, new LshAttentionLayer(2 * widths[level], level, configuration));
            decoder.Add(Block(2 * widths[level], widths[level]));
        }
        classifier = nn.Conv2d(widths[0], LesionMask.ClassCount, 1);
        RegisterComponents();
    }

    public ModelConfiguration Configuration { get; private set; }

    /// <value>Where its weights lie, and its input must.</value>
    public Device Device => classifier.weight.device;

    /// <summary>How many numbers training fits; running statistics are not among them.</summary>
    /// <exception cref="InvalidDataException">The configuration is not valid.</exception>
    public static long CountWeights(ModelConfiguration configuration)
    {
        using var network = new ResidualAttentionUNet(configuration);
        return network.parameters().Sum(weights => weights.numel());
    }

    /// <summary>Leaves out every attention, so that its part in a result can be measured.</summary>
    public void ZeroAttention(bool zeroed)
    {
        foreach (var layer in attention.All)
            layer.Zeroed = zeroed;
    }

    /// <summary>Turns logits into predictions in another way, without another training.</summary>
    /// <param name="classOffsets">As <see cref="ModelConfiguration.ClassOffsets"/>.</param>
    /// <param name="temperature">As <see cref="ModelConfiguration.Temperature"/>.</param>
    /// <exception cref="InvalidDataException">A value is out of its range; the message says which.</exception>
    public void JudgeBy(IReadOnlyList<double>? classOffsets, double? temperature)
    {
        var judging = Configuration with { ClassOffsets = classOffsets, Temperature = temperature };
        judging.Validate();
        Configuration = judging;
    }

    /// <summary>Lets every attention start with nothing to say: what it adds is zero until its output projection is trained.</summary>
    public void SilenceAttention()
    {
        using var noGradient = no_grad();
        foreach (var layer in attention.All)
        {
            layer.Weights.Output.zero_();
            layer.Weights.OutputBias.zero_();
        }
    }

    /// <summary>For inference only: one convolution where training has a convolution and a normalisation. Call it on the device that will run the network.</summary>
    public void FoldNormalisation()
    {
        foreach (var convolution in Convolutions)
            convolution.Fold();
        DisposeFolded();
        for (var level = 0; level < Levels; level++)
        {
            if (attention.Of(level) is { } layer && FoldedAttentionBlock.Of(layer, decoder[level]) is { } folded)
                _foldedAttention[level] = folded;
        }
    }

    /// <summary>Computes layer by layer in torch's default layout: what the fast way is measured against and must agree with.</summary>
    public void ComputePlainly(bool plainly)
    {
        Plain = plainly;
        foreach (var convolution in Convolutions)
            convolution.Plain = plainly;
    }

    protected override void Dispose(bool disposing)
    {
        DisposeFolded();
        base.Dispose(disposing);
    }

    private bool Plain { get; set; }

    private IEnumerable<NormalisedConvolution> Convolutions => modules().OfType<INormalisedBlock>().SelectMany(block => block.Convolutions);

    /// <param name="input">[batch, 1, height, width], any height and width from 1; see <see cref="InputScaling"/> for its values.</param>
    /// <returns>Logits, [batch, 4, height, width].</returns>
    public override Tensor forward(Tensor input)
    {
        if (training)
            return Logits(input);
        using var scope = NewDisposeScope();
        var scaled = InputScaling.ToSide(input, Configuration.InputSide);
        var logits = Logits(scaled);
        if (Configuration.PredictsMirrored)
            logits = logits.add_(Logits(scaled.flip(3)).flip(3), alpha: One).div_(Kept(2));
        logits = Judge(logits);
        return SliceSegmenter.Scale(logits, (int)input.size(3), (int)input.size(2)).MoveToOuterDisposeScope();
    }

    /// <param name="logits">[batch, 4, height, width]; overwritten.</param>
    private Tensor Judge(Tensor logits)
    {
        if (Configuration.ClassOffsets is { } offsets)
            logits = logits.add_(tensor([.. offsets.Select(offset => (float)offset)], [1, LesionMask.ClassCount, 1, 1], device: logits.device), alpha: One);
        return Configuration.Temperature is { } temperature ? logits.div_(Kept(temperature)) : logits;
    }

    private Tensor Logits(Tensor input)
    {
        using var scope = NewDisposeScope();
        var padding = ReflectionPadding.For(input.size(2), input.size(3), 1 << Levels);
        var map = padding.Apply(input).alias();
        var skips = new Tensor[Levels];
        for (var level = 0; level < Levels; level++)
        {
            using var above = map;
            skips[level] = encoder[level].call(above);
            map = nn.functional.max_pool2d(skips[level], 2);
        }
        var pooled = Pointwise(globalProjection, map.mean([2, 3], keepdim: true));     // [batch, bridge channels, 1, 1]
        map = bridge.call(map).add(pooled, alpha: One);
        for (var level = Levels - 1; level >= 0; level--)
        {
            using var below = map;
            map = Decode(level, Joined(level, below, skips[level]));
        }
        return padding.Undo(Pointwise(classifier, map)).MoveToOuterDisposeScope();
    }

    /// <summary>What is below, upsampled, beside the encoder's map, which is disposed of.</summary>
    private Tensor Joined(int level, Tensor below, Tensor skip)
    {
        using var upsampled = upsample[level].call(below);
        using var encoded = skip;
        return cat([upsampled, encoded], 1);
    }

    /// <param name="joined">[batch, twice the level's channels, height, width]; disposed of as soon as it has been read: nothing is larger.</param>
    private Tensor Decode(int level, Tensor joined)
    {
        using var map = joined;
        if (attention.Of(level) is not { } layer)
            return decoder[level].call(map);
        if (Plain || layer.Zeroed || !_foldedAttention.TryGetValue(level, out var folded))
        {
            using var attended = layer.call(map);
            return decoder[level].call(attended);
        }
        using var projected = folded.Project(map);
        map.Dispose();
        return folded.Continue(projected);
    }

    private void DisposeFolded()
    {
        foreach (var folded in _foldedAttention.Values)
            folded.Dispose();
        _foldedAttention.Clear();
    }

    private Tensor Pointwise(Conv2d convolution, Tensor map) =>
        Plain ? convolution.call(map) : PointwiseConvolution.Apply(map, convolution.weight, convolution.bias);

    private nn.Module<Tensor, Tensor> Block(int inputChannels, int outputChannels) => Configuration.UsesResNeXt
        ? new ResNeXtBlocks(inputChannels, outputChannels, Configuration)
        : new DoubleConvolution(inputChannels, outputChannels);
}
