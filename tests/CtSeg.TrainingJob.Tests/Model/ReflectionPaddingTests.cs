using CtSeg.TrainingJob.Model;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Model;

[Collection(TorchCollection.Name)]
public sealed class ReflectionPaddingTests
{
    [Fact]
    public void Given_AMapOf369_When_Padded_Then_ItIs384AndEqualsTorchsReflection()
    {
        using var scope = NewDisposeScope();
        var map = rand(1, 1, 369, 369);
        var padded = ReflectionPadding.For(369, 369, 16).Apply(map);
        padded.shape.ShouldBe([1, 1, 384, 384]);
        padded.SameAs(nn.functional.pad(map, [7, 8, 7, 8], TorchSharp.PaddingModes.Reflect)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(5, 40)]
    [InlineData(16, 32)]
    [InlineData(17, 100)]
    public void Given_AnySize_When_PaddedAndUndone_Then_TheMapReturns(int height, int width)
    {
        using var scope = NewDisposeScope();
        var map = rand(2, 3, height, width);
        var padding = ReflectionPadding.For(height, width, 16);
        var padded = padding.Apply(map);
        (padded.size(2) % 16).ShouldBe(0);
        (padded.size(3) % 16).ShouldBe(0);
        padded.size(2).ShouldBeInRange(height, height + 15);
        padding.Undo(padded).SameAs(map).ShouldBeTrue();
    }

    [Fact]
    public void Given_TwoPixels_When_PaddedFarBeyondTheirSize_Then_TheyAlternate()
    {
        using var scope = NewDisposeScope();
        var padded = ReflectionPadding.For(1, 2, 8).Apply(tensor(new[] { 1f, 2f }, [1, 1, 1, 2]));
        padded[0, 0, 5].contiguous().data<float>().ToArray().ShouldBe([2, 1, 2, 1, 2, 1, 2, 1]);
    }
}
