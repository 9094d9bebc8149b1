using CtSeg.Imaging;

namespace CtSeg.Shared.Tests.Imaging;

public sealed class HounsfieldWindowTests
{
    [Theory]
    [InlineData(-3000, 0)]
    [InlineData(-1150, 0)]
    [InlineData(-1147.5, 0)]
    [InlineData(-1147.49, 1)]
    [InlineData(-1000, 30)]
    [InlineData(-510, 128)]
    [InlineData(0, 229)]
    [InlineData(130, 255)]
    [InlineData(3000, 255)]
    public void Given_HounsfieldUnits_When_Windowed_Then_Grey(double hu, byte grey) => HounsfieldWindow.Training.ToGrey(hu).ShouldBe(grey);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void Given_NoNumber_When_Windowed_Then_RefusedWithItsPlace(double value) =>
        Should.Throw<SliceRejectedException>(() => HounsfieldWindow.Training.ToGrey(2, 2, [0, 0, 0, value])).Message.ShouldContain("column 2 of row 2");

    [Theory]
    [InlineData(0, false, "abc def")]
    [InlineData(90, false, "da eb fc")]
    [InlineData(180, false, "fed cba")]
    [InlineData(270, false, "cf be ad")]
    [InlineData(0, true, "def abc")]
    [InlineData(90, true, "ad be cf")]
    [InlineData(180, true, "cba fed")]
    [InlineData(270, true, "fc eb da")]
    public void Given_APicture_When_Turned_Then_AsByHand(int degrees, bool flip, string expected)
    {
        var (width, height, pixels) = new PictureTurn(degrees, flip).Apply<char>(3, 2, "abcdef");
        string.Join(' ', Enumerable.Range(0, height).Select(row => new string(pixels, row * width, width))).ShouldBe(expected);
    }
}
