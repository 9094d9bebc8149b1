using CtSeg.Imaging;
using CtSeg.Segmentation;

namespace CtSeg.Shared.Tests.Segmentation;

public sealed class OverlayTests
{
    [Fact]
    public void Given_ALesion_When_Drawn_Then_BackgroundIsKeptBorderIsSolidAndInsideIsTinted()
    {
        var labels = new byte[49];
        for (int y = 1; y < 6; y++)
            labels.AsSpan(7 * y + 1, 5).Fill((byte)LesionClass.GroundGlassOpacity);
        var slice = new GreyImage(7, 7, [.. Enumerable.Repeat((byte)100, 49)]);
        var picture = Overlay.Draw(slice, new LesionMask(7, 7, labels));
        At(picture, 0, 0).ShouldBe((100, 100, 100));
        At(picture, 1, 1).ShouldBe((86, 180, 233));
        // (100 * 146 + colour * 110 + 128) / 256
        At(picture, 3, 3).ShouldBe((94, 134, 157));
    }

    [Fact]
    public void Given_AMaskOfAnotherSize_When_Drawn_Then_ItIsRefused() =>
        Should.Throw<ArgumentException>(() => Overlay.Draw(new GreyImage(2, 1, [0, 0]), new LesionMask(1, 2, [0, 0])));

    private static (int, int, int) At(RgbImage picture, int x, int y)
    {
        int at = 3 * (y * picture.Width + x);
        return (picture.Pixels[at], picture.Pixels[at + 1], picture.Pixels[at + 2]);
    }
}
