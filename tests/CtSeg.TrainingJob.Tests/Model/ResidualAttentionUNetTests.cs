using System.Globalization;
using CtSeg.Models;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.Tests.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Model;

[Collection(TorchCollection.Name)]
public sealed class ResidualAttentionUNetTests
{
    internal static readonly ModelConfiguration Tiny = new() { BaseChannels = 4, HeadChannels = 4, AttentionLevels = [0, 1, 2, 3] };

    [Theory]
    [InlineData("m", 1, 1)]
    [InlineData("m", 7, 33)]
    [InlineData("m", 64, 48)]
    [InlineData("m", 369, 369)]
    [InlineData("m-a", 50, 50)]
    [InlineData("m-r", 50, 50)]
    [InlineData("unet", 50, 50)]
    public void Given_AnyArchitectureAndSize_When_Run_Then_LogitsHaveTheSizeOfTheInput(string architecture, int height, int width)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var network = new ResidualAttentionUNet(Tiny with { Architecture = architecture });
        network.eval();
        var logits = network.call(rand(1, 1, height, width));
        logits.shape.ShouldBe([1, 4, height, width]);
        logits.isfinite().all().item<bool>().ShouldBeTrue();
    }

    [Theory]
    [InlineData("m", true, true)]
    [InlineData("m-a", false, true)]
    [InlineData("m-r", true, false)]
    [InlineData("unet", false, false)]
    public void Given_AnAblation_When_Built_Then_OnlyItsPartsHaveWeights(string architecture, bool attention, bool resNeXt)
    {
        using var network = new ResidualAttentionUNet(Tiny with { Architecture = architecture });
        var names = network.state_dict().Keys;
        names.Any(name => name.StartsWith("attention.", StringComparison.Ordinal)).ShouldBe(attention);
        names.Any(name => name.Contains(".grouped.", StringComparison.Ordinal)).ShouldBe(resNeXt);
        names.Any(name => name.StartsWith("encoder.0.second.", StringComparison.Ordinal)).ShouldBe(!resNeXt);
    }

    // The numbers are those of trained weights, counted in their files without the running statistics.
    [Theory]
    [InlineData("m", 8, 139_104)]
    [InlineData("m-a", 8, 115_824)]
    [InlineData("m-r", 8, 518_036)]
    [InlineData("unet", 8, 494_756)]
    [InlineData("m", 16, 504_844)]
    [InlineData("unet", 16, 1_975_364)]
    public void Given_AnArchitectureAndAWidth_When_ItsWeightsAreCounted_Then_TheyAreThoseOfAFormula(string architecture, int baseChannels, long weights)
    {
        var configuration = new ModelConfiguration { Architecture = architecture, BaseChannels = baseChannels };
        ResidualAttentionUNet.CountWeights(configuration).ShouldBe(weights);
        ByFormula(configuration).ShouldBe(weights);
    }

    private static long ByFormula(ModelConfiguration configuration)
    {
        long[] widths = [.. Enumerable.Range(0, 5).Select(level => (long)configuration.BaseChannels << level)];
        long Block(long input, long output)
        {
            if (!configuration.UsesResNeXt)
                return (9 * output * (input + output)) + (4 * output);
            var inner = output / 2;
            return (input * inner) + (9 * inner * inner / configuration.Cardinality) + (inner * output) + (input * output) + (4 * inner) + (4 * output);
        }
        long Attention(long channels) => configuration.UsesAttention ? (3 * channels * configuration.Heads * configuration.HeadChannels) + channels : 0;
        var levels = Enumerable.Range(0, 4).Sum(level =>
            Block(level == 0 ? 1 : widths[level - 1], widths[level]) + (4 * widths[level + 1] * widths[level]) + widths[level]
            + Attention(2 * widths[level]) + Block(2 * widths[level], widths[level]));
        return levels + Block(widths[3], widths[4]) + ((widths[3] + 1) * widths[4]) + (4 * (widths[0] + 1));
    }

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(2, 0.5)]
    [InlineData(3, 1.0)]
    public void Given_BlocksOfALevel_When_Built_Then_EachHasItsWeightsAndTheWantedWidthInside(int blocks, double innerShare)
    {
        using var network = new ResidualAttentionUNet(Tiny with { BaseChannels = 8, ResNeXtBlocks = blocks, InnerShare = innerShare });
        var weights = network.state_dict();
        var inside = Enumerable.Range(0, blocks).Select(block => weights[$"encoder.1.blocks.{block}.grouped.weight"].shape[0]);
        inside.ShouldAllBe(channels => channels == (long)(16 * innerShare));
        weights.ShouldNotContainKey($"encoder.1.blocks.{blocks}.grouped.weight");
    }

    [Fact]
    public void Given_PredictionsOfMirrorImagesToo_When_TheSliceIsMirrored_Then_SoAreTheLogits()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        // Without attention: rounding may move a token to another bucket.
        var plain = Tiny with { Architecture = Architectures.WithoutAttention };
        using var network = Seeded(plain with { PredictsMirrored = true });
        using var once = Seeded(plain);
        var input = rand(1, 1, 64, 48);
        var logits = network.call(input);
        network.call(input.flip(3)).flip(3).allclose(logits, atol: 1e-5).ShouldBeTrue();
        once.call(input).add(once.call(input.flip(3)).flip(3)).div(2).allclose(logits, atol: 1e-5).ShouldBeTrue();
        once.call(input).allclose(logits, atol: 1e-3).ShouldBeFalse();
    }

    [Fact]
    public void Given_ASideOfTheInput_When_Predicted_Then_TheSliceIsBroughtToItAndTheLogitsBack()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var plain = Tiny with { Architecture = Architectures.WithoutAttention };
        using var network = Seeded(plain with { InputSide = 32 });
        using var asItIs = Seeded(plain);
        var small = rand(1, 1, 32, 32);
        var large = small.repeat_interleave(3, 2).repeat_interleave(3, 3);
        var logits = network.call(large);
        logits.shape.ShouldBe([1, 4, 96, 96]);
        // The middle one of three is where the small picture has its pixel.
        var middles = logits.reshape(1, 4, 32, 3, 32, 3).select(5, 1).select(3, 1);
        middles.allclose(asItIs.call(small), atol: 1e-4).ShouldBeTrue();
    }

    [Fact]
    public void Given_ClassOffsetsAndATemperature_When_Predicted_Then_TheyShiftAndDivideTheLogits()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var plain = Tiny with { Architecture = Architectures.WithoutAttention, PredictsMirrored = true, InputSide = 32 };
        using var judging = Seeded(plain with { ClassOffsets = [0.5, 0, -1, 2], Temperature = 2 });
        using var network = Seeded(plain);
        var input = rand(2, 1, 48, 40);
        var expected = network.call(input).add(tensor([0.5f, 0, -1, 2], [1, 4, 1, 1])).div(2);
        judging.call(input).allclose(expected, atol: 1e-5).ShouldBeTrue();
        network.JudgeBy([0.5, 0, -1, 2], 2);
        network.call(input).allclose(expected, atol: 1e-5).ShouldBeTrue();
        Should.Throw<InvalidDataException>(() => network.JudgeBy(null, 0)).Message.ShouldContain("temperature is 0");
    }

    [Fact]
    public void Given_ClassOffsetsAndATemperature_When_Trained_Then_TheLogitsAreThoseOfTheNetwork()
    {
        using var scope = NewDisposeScope();
        using var judging = Seeded(Tiny with { ClassOffsets = [0.5, 0, -1, 2], Temperature = 2 });
        using var network = Seeded(Tiny);
        judging.train();
        network.train();
        var input = rand(2, 1, 48, 40);
        judging.call(input).equal(network.call(input)).all().item<bool>().ShouldBeTrue();
    }

    private static ResidualAttentionUNet Seeded(ModelConfiguration configuration)
    {
        manual_seed(5);
        var network = new ResidualAttentionUNet(configuration);
        network.eval();
        return network;
    }

    [Theory]
    [InlineData("m")]
    [InlineData("m-r")]
    public void Given_ALoss_When_Differentiated_Then_EveryParameterHasAGradient(string architecture)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var network = new ResidualAttentionUNet(Tiny with { Architecture = architecture });
        network.call(rand(2, 1, 48, 32)).square().mean().backward();
        foreach (var (name, parameter) in network.named_parameters())
        {
            parameter.grad.ShouldNotBeNull(name);
            parameter.grad.abs().sum().item<float>().ShouldBeGreaterThan(0, name);
        }
    }

    [Fact]
    public void Given_Attention_When_Zeroed_Then_TheResultChangesAndReturnsAfterwards()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        manual_seed(4);
        using var network = new ResidualAttentionUNet(Tiny);
        network.eval();
        var input = rand(1, 1, 64, 64);
        var with = network.call(input);
        network.ZeroAttention(true);
        var without = network.call(input);
        network.ZeroAttention(false);
        with.sub(without).abs().max().item<float>().ShouldBeGreaterThan(1e-3f);
        network.call(input).SameAs(with).ShouldBeTrue();
    }

    [Fact]
    public void Given_ABatch_When_Evaluated_Then_EverySliceIsSeenAlone()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        manual_seed(5);
        using var network = new ResidualAttentionUNet(Tiny);
        network.eval();
        var input = rand(2, 1, 40, 56);
        var alone = cat([network.call(input.narrow(0, 0, 1)), network.call(input.narrow(0, 1, 1))], 0);
        // Kernels for another batch size differ in the last bits, which may move a token to another bucket.
        network.call(input).sub(alone).abs().mean().item<float>().ShouldBeLessThan(1e-4f);
    }

    // Widths for which oneDNN's convolutions read beyond their channels would show here: decision 14.
    [Theory]
    [InlineData("m", 8)]
    [InlineData("m", 16)]
    [InlineData("unet", 8)]
    public void Given_FreedMemoryFullOfNaN_When_TrainedAndEvaluated_Then_EveryResultIsTheSame(string architecture, int channels)
    {
        using var outer = NewDisposeScope();
        manual_seed(1);
        using var network = new ResidualAttentionUNet(Tiny with { Architecture = architecture, BaseChannels = channels });
        var input = randn(2, 1, 64, 64);
        var results = new HashSet<string>();
        for (var attempt = 0; attempt < 4; attempt++)
        {
            using var scope = NewDisposeScope();
            network.train();
            network.zero_grad();
            FreedMemory.FillWithNaN();
            manual_seed(2);
            var loss = network.call(input).square().mean();
            FreedMemory.FillWithNaN();
            loss.backward();
            var gradients = network.parameters().Select(parameter => parameter.grad).OfType<Tensor>().Sum(gradient => gradient.abs().sum().item<float>());
            results.Add(string.Create(CultureInfo.InvariantCulture, $"{loss.item<float>():R} {gradients:R}"));
        }
        results.ShouldHaveSingleItem().ShouldNotContain("NaN");
    }

    [Fact]
    public void Given_AFarCornerChanges_When_Evaluated_Then_GlobalPoolingCarriesItEverywhere()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        manual_seed(6);
        using var network = new ResidualAttentionUNet(Tiny with { Architecture = Architectures.WithoutAttention });
        network.eval();
        var input = rand(1, 1, 256, 256);
        var changed = input.clone();
        changed.narrow(2, 0, 16).narrow(3, 0, 16).fill_(5);
        network.call(changed).sub(network.call(input)).narrow(2, 248, 8).narrow(3, 248, 8).abs().max().item<float>().ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("resnet", 4, 1)]
    [InlineData("m", 2, 1)]
    [InlineData("m", 4, 4)]
    public void Given_AnInvalidConfiguration_When_Built_Then_ItIsRefused(string architecture, int channels, int level) =>
        Should.Throw<InvalidDataException>(() => new ResidualAttentionUNet(
            Tiny with { Architecture = architecture, BaseChannels = channels, AttentionLevels = [level] }));

    [Theory]
    [InlineData(Architectures.Full)]
    [InlineData(Architectures.WithoutResNeXt)]
    public void Given_Statistics_When_Folded_Then_LogitsEqualThoseComputedPlainly(string architecture)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var network = new ResidualAttentionUNet(Tiny with { Architecture = architecture, AttentionLevels = [] });
        using var noGradient = no_grad();
        for (var batch = 0; batch < 5; batch++)
            network.call(randn([2, 1, 48, 48]).mul(2).add(1));
        network.eval();
        var input = randn([1, 1, 50, 61]);
        network.ComputePlainly(true);
        var plain = network.call(input);
        network.ComputePlainly(false);
        var channelsLast = network.call(input);
        network.FoldNormalisation();
        var folded = network.call(input);
        var size = plain.abs().max().item<float>();
        channelsLast.sub(plain).abs().max().item<float>().ShouldBeLessThan(1e-5f * size);
        folded.sub(plain).abs().max().item<float>().ShouldBeLessThan(1e-4f * size);
    }

    [Fact]
    public void Given_AGraphicsProcessor_When_Run_Then_NearlyAllPixelsAgreeWithTheCpu()
    {
        Assert.SkipUnless(cuda.is_available(), "Needs a graphics processor with CUDA.");
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var network = new ResidualAttentionUNet(Tiny);
        network.eval();
        using var noGradient = no_grad();
        var input = randn([1, 1, 369, 369]);
        var expected = network.call(input).argmax(1);
        network.to(CUDA);
        network.FoldNormalisation();
        var actual = network.call(input.to(CUDA)).argmax(1).to(CPU);
        actual.eq(expected).to(ScalarType.Float64).mean().item<double>().ShouldBeGreaterThanOrEqualTo(0.999);
    }
}
