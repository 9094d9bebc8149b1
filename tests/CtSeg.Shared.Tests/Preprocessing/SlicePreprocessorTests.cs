using CtSeg.Contracts;
using CtSeg.Preprocessing;
using CtSeg.Shared.Tests.Imaging;

namespace CtSeg.Shared.Tests.Preprocessing;

public sealed class SlicePreprocessorTests
{
    [Theory]
    [InlineData("grey16.png", "png", 16, 1)]
    [InlineData("rgba8.png", "png", 8, 4)]
    [InlineData("t-rgb16-lzw2.tif", "tiff", 16, 3)]
    public void Given_AnUpload_When_Preprocessed_Then_ItIsOfTheModelsSizeAndSaysWhatItWas(string file, string kind, int bits, int channels)
    {
        var slice = SlicePreprocessor.Process(Golden.Read(file));
        (slice.Image.Width, slice.Image.Height).ShouldBe((369, 369));
        slice.Original.ShouldBe(new SourceImage(kind, 29, 23, bits, channels));
        slice.Steps.Resize.ShouldBe(AreaResize.Description);
    }

    [Fact]
    public void Given_AJpeg_When_Preprocessed_Then_ItIsOfTheModelsSize()
    {
        var slice = SlicePreprocessor.Process(Golden.Read("rgb420.jpg"));
        slice.Original.ShouldBe(new SourceImage("jpeg", 61, 45, 8, 3));
        slice.Image.Pixels.Length.ShouldBe(369 * 369);
    }
}
