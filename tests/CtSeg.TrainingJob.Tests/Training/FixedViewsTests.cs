using CtSeg.TrainingJob.Training;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Training;

[Collection(TorchCollection.Name)]
public sealed class FixedViewsTests
{
    private const int Side = 64;

    [Fact]
    public void Given_TheViewsOfThePaper_When_Applied_Then_TheyAreTheSliceTurnedByRightAngles()
    {
        using var scope = NewDisposeScope();
        var mask = randint(0, 4, [1, 1, Side, Side]).to(ScalarType.Float32);
        var image = mask.div(4).sub(1);
        var views = new FixedViews(Side, FixedViews.OfPaper);
        views.PerSlice.ShouldBe(6);
        var angles = new HashSet<long>();
        for (var view = 0; view < 4; view++)
        {
            var (picture, classes) = views.Apply(image, mask, epoch: 0, slice: 0, view);
            var turned = Enumerable.Range(0, 4).Where(angle =>
                classes.squeeze(0).Equals(mask.squeeze(0).squeeze(0).rot90(angle).to(ScalarType.Int64))
                && picture.squeeze(0).squeeze(0).allclose(image.squeeze(0).squeeze(0).rot90(angle), atol: 1e-5)).ToList();
            angles.Add(turned.ShouldHaveSingleItem());
        }
        angles.Count.ShouldBe(4);
    }

    [Fact]
    public void Given_ADisc_When_Scaled_Then_ItsAreaScalesWithTheSquareAndTheFrameIsAir()
    {
        using var scope = NewDisposeScope();
        var mask = zeros(1, 1, Side, Side);
        mask.narrow(2, 24, 16).narrow(3, 24, 16).fill_(2);
        var image = mask.mul(0.5).sub(0.5);
        var views = new FixedViews(Side, FixedViews.OfPaper);
        long Area(int view) => views.Apply(image, mask, epoch: 0, slice: 0, view).Mask.eq(2).sum().item<long>();
        Area(0).ShouldBe(256);
        Area(4).ShouldBe(64);
        Area(5).ShouldBe(576);
        var half = views.Apply(image, mask, epoch: 0, slice: 0, view: 4).Image;
        half[0, 0, 2, 2].item<float>().ShouldBe(-1);
        half[0, 0, Side / 2, Side / 2].item<float>().ShouldBe(0.5f, 1e-5);
        half[0, 0, Side / 2, 20].item<float>().ShouldBe(-0.5f, 1e-5);
    }

    [Fact]
    public void Given_AnotherSize_When_TheSliceIsTaken_Then_ItIsTheMeanOfWhatEachPixelCovers()
    {
        using var scope = NewDisposeScope();
        var image = rand(1, 1, Side, Side);
        var (picture, classes) = new FixedViews(Side / 4, FixedViews.Whole).Apply(image, zeros(1, 1, 2 * Side, 2 * Side), epoch: 5, slice: 1, view: 0);
        classes.shape.ShouldBe([1, Side / 4, Side / 4]);
        var mean = image.reshape(1, 1, Side / 4, 4, Side / 4, 4).mean([3, 5]);
        picture.allclose(mean, atol: 1e-5).ShouldBeTrue();
    }
}
