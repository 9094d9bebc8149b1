using CtSeg.Models;
using CtSeg.TrainingJob.Attention;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Attention;

[Collection(TorchCollection.Name)]
public sealed class LshAttentionLayerTests
{
    private static readonly ModelConfiguration Configuration = new() { Heads = 2, HeadChannels = 4, AttentionLevels = [3], ChunkLength = 8 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Given_AMap_When_Attending_Then_TheConfiguredAttentionIsProjectedAndAdded(bool exact)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var layer = new LshAttentionLayer(6, 3, exact ? Configuration with { ExactAttentionLevels = [3] } : Configuration);
        using var noGradient = no_grad();
        var map = randn([2, 6, 5, 7]);
        var weights = layer.state_dict();
        Tensor Project(string name) => nn.functional.conv2d(map, weights[$"{name}.weight"]).flatten(2).transpose(1, 2).reshape(2, 35, 2, 4);
        var (query, value) = (Project("queryProjection"), Project("valueProjection"));
        var attended = exact
            ? ExactAttention.Attend(query, value)
            : LshAttention.Attend(query, value, new LshHash(Configuration.RotationSeed, 3, 2, Configuration.Rounds, 4).Buckets(query, 8), 8);
        var added = nn.functional.conv2d(
            attended.reshape(2, 35, 8).transpose(1, 2).reshape(2, 8, 5, 7), weights["outputProjection.weight"], weights["outputProjection.bias"]);
        layer.call(map).sub(map.add(added)).abs().max().item<float>().ShouldBeLessThan(1e-5f);
    }
}
