using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Robustness;

namespace CtSeg.TrainingJob.Tests.Robustness;

[Collection(TorchCollection.Name)]
public sealed class DisturbanceTests
{
    private const int Width = 160;
    private const int Height = 120;

    [Theory]
    [InlineData("brightness +15 %", 100, 138)]
    [InlineData("brightness +15 %", 240, 255)]
    [InlineData("brightness -15 %", 100, 62)]
    [InlineData("brightness -15 %", 10, 0)]
    [InlineData("contrast +15 %", 100, 96)]
    [InlineData("contrast -15 %", 227, 212)]
    public void Given_AGreyValue_When_Disturbed_Then_ItIsAsByHand(string name, byte before, byte after)
    {
        var (slice, truth) = (new GreyImage(1, 1, [before]), new LesionMask(1, 1, [2]));
        var disturbed = Disturbance.All.Single(disturbance => disturbance.Name == name).Apply(slice, truth);
        disturbed.Slice.Pixels.ShouldBe([after]);
        disturbed.Truth.ShouldBe(truth);
    }

    [Theory]
    [InlineData(5, 1.0)]
    [InlineData(-5, 1.0)]
    [InlineData(0, 0.8)]
    [InlineData(0, 1.25)]
    public void Given_ALesionThatIsBright_When_Moved_Then_TheTruthGoesWithIt(double degrees, double scale)
    {
        var inside = Enumerable.Range(0, Width * Height).Select(at => at % Width is > 90 and < 120 && at / Width is > 30 and < 60).ToArray();
        var slice = new GreyImage(Width, Height, [.. inside.Select(lesion => lesion ? (byte)200 : (byte)50)]);
        var truth = new LesionMask(Width, Height, [.. inside.Select(lesion => lesion ? (byte)1 : (byte)0)]);
        var (moved, labels) = Movement.Apply(slice, truth, degrees, scale);
        moved.Pixels.Zip(labels.Labels).Count(pair => (pair.First > 125) != (pair.Second == 1)).ShouldBeLessThan(20);
        ((double)labels.Labels.Count(label => label == 1)).ShouldBe(inside.Count(lesion => lesion) * scale * scale, 45);
        moved.Pixels.ShouldNotBe(slice.Pixels);
    }

    [Fact]
    public void Given_APointRightOfTheCentre_When_TurnedClockwiseByNinetyDegrees_Then_ItIsBelowTheCentre()
    {
        var pixels = new byte[Width * Height];
        pixels[(60 * Width) + 110] = 255;
        pixels[(60 * Width) + 109] = 255;
        var (moved, _) = Movement.Apply(new GreyImage(Width, Height, pixels), new LesionMask(Width, Height, new byte[Width * Height]), degrees: 90, scale: 1);
        var brightest = moved.Pixels.IndexOf(moved.Pixels.Max());
        (brightest % Width).ShouldBeInRange(78, 81);
        (brightest / Width).ShouldBeInRange(88, 91);
    }

    [Fact]
    public void Given_ASlice_When_StoredAsJpeg_Then_ItIsNearlyTheSame()
    {
        var slice = new GreyImage(Width, Height, [.. Enumerable.Range(0, Width * Height).Select(at => (byte)(128 + (60 * Math.Sin(at % Width / 7.0)) + (50 * Math.Cos(at / Width / 5.0))))]);
        var read = JpegRoundTrip.Apply(slice, 60);
        (read.Width, read.Height).ShouldBe((Width, Height));
        var differences = read.Pixels.Zip(slice.Pixels).Select(pair => Math.Abs(pair.First - pair.Second)).ToList();
        differences.Max().ShouldBeGreaterThan(0);
        differences.Average().ShouldBeLessThan(4);
    }

    [Fact]
    public void Given_BurnedInText_When_Masked_Then_NoneOfItIsLeftAndTheMiddleIsUntouched()
    {
        var slice = new GreyImage(512, 512, [.. Enumerable.Repeat((byte)90, 512 * 512)]);
        var (written, masked) = (BurnedInText.Write(slice), BurnedInText.Mask(slice));
        var ink = Enumerable.Range(0, 512 * 512).Where(at => written.Pixels[at] == 255).ToList();
        ink.Count.ShouldBeGreaterThan(1000);
        ink.ShouldAllBe(at => masked.Pixels[at] == 0);
        ink.Select(at => (Right: at % 512 >= 256, Low: at / 512 >= 256)).Distinct().Count().ShouldBe(4);
        for (var at = 0; at < 512 * 512; at++)
        {
            if (at / 512 is >= 80 and < 432)
                (written.Pixels[at] == 90 && masked.Pixels[at] == 90).ShouldBeTrue();
        }
    }
}
