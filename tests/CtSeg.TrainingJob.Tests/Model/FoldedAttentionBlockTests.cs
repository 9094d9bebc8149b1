using CtSeg.Models;
using CtSeg.TrainingJob.Model;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Model;

[Collection(TorchCollection.Name)]
public sealed class FoldedAttentionBlockTests
{
    // Attention is exact, so that rounding cannot move a token to another bucket. The merged convolutions of the first have channels to spare.
    [Theory]
    [InlineData(Architectures.Full, 8)]
    [InlineData(Architectures.Full, 16)]
    [InlineData(Architectures.Full, 8, 3, 1.0)]
    [InlineData(Architectures.WithoutResNeXt, 8)]
    public void Given_LevelsThatAttend_When_Folded_Then_LogitsEqualThoseComputedPlainly(
        string architecture, int baseChannels, int blocks = 1, double innerShare = 0.5)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var network = Trained(architecture, baseChannels, [1, 2, 3], exact: [1, 2, 3], blocks, innerShare);
        var input = randn([2, 1, 50, 61]);
        network.ComputePlainly(true);
        var plain = network.call(input);
        network.ComputePlainly(false);
        network.FoldNormalisation();
        var size = plain.abs().max().item<float>();
        network.call(input).sub(plain).abs().max().item<float>().ShouldBeLessThan(1e-4f * size);
    }

    // Rounding moves a token now and then to another bucket, and what it sees with it.
    [Theory]
    [InlineData(Architectures.Full)]
    [InlineData(Architectures.WithoutResNeXt)]
    public void Given_LevelsThatHash_When_Folded_Then_NearlyAllLogitsEqualThoseComputedPlainly(string architecture)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var network = Trained(architecture, 16, [0, 1, 2, 3], exact: []);
        var input = randn([1, 1, 96, 96]);
        network.ComputePlainly(true);
        var plain = network.call(input);
        network.ComputePlainly(false);
        network.FoldNormalisation();
        var size = plain.abs().max().item<float>();
        network.call(input).sub(plain).abs().lt(1e-3f * size).to(ScalarType.Float32).mean().item<float>().ShouldBeGreaterThan(0.99f);
    }

    [Fact]
    public void Given_AFoldedNetwork_When_AttentionIsZeroed_Then_ItIsLeftOutThereToo()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var network = Trained(Architectures.Full, 8);
        var input = randn([1, 1, 48, 48]);
        network.ZeroAttention(true);
        var expected = network.call(input);
        network.FoldNormalisation();
        var size = expected.abs().max().item<float>();
        network.call(input).sub(expected).abs().max().item<float>().ShouldBeLessThan(1e-4f * size);
        network.ZeroAttention(false);
        network.call(input).sub(expected).abs().max().item<float>().ShouldBeGreaterThan(1e-3f * size);
    }

    /// <summary>A network whose normalisations have seen data.</summary>
    private static ResidualAttentionUNet Trained(string architecture, int baseChannels) => Trained(architecture, baseChannels, [1, 2, 3], exact: [1, 2, 3]);

    private static ResidualAttentionUNet Trained(string architecture, int baseChannels, int[] levels, int[] exact, int blocks = 1, double innerShare = 0.5)
    {
        manual_seed(3);
        var network = new ResidualAttentionUNet(new ModelConfiguration
        {
            Architecture = architecture, BaseChannels = baseChannels, AttentionLevels = levels, ExactAttentionLevels = exact, ResNeXtBlocks = blocks, InnerShare = innerShare,
        });
        for (var batch = 0; batch < 5; batch++)
            network.call(randn([2, 1, 48, 48]).mul(2).add(1));
        network.eval();
        return network;
    }
}
