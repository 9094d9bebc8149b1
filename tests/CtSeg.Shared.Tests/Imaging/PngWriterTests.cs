using CsCheck;
using CtSeg.Imaging;
using CtSeg.Preprocessing;

namespace CtSeg.Shared.Tests.Imaging;

public sealed class PngWriterTests
{
    // Stb reads PNG independently of our own reader.
    [Fact]
    public void Given_AnyGreyPicture_When_WrittenAndReadByAnotherLibrary_Then_ItIsTheSame() =>
        Pictures(1).Sample((width, height, pixels) =>
        {
            byte[] png = PngWriter.Grey(new GreyImage(width, height, pixels));
            var read = StbImageSharp.ImageResult.FromMemory(png, StbImageSharp.ColorComponents.Grey);
            (read.Width, read.Height).ShouldBe((width, height));
            read.Data.ShouldBe(pixels);
            SliceDecoder.Decode(png).Grey.Pixels.ShouldBe(pixels);
        }, iter: 200);

    [Fact]
    public void Given_AnyColourPicture_When_WrittenAndReadByAnotherLibrary_Then_ItIsTheSame() =>
        Pictures(3).Sample((width, height, pixels) =>
        {
            byte[] png = PngWriter.Rgb(new RgbImage(width, height, pixels));
            StbImageSharp.ImageResult.FromMemory(png, StbImageSharp.ColorComponents.RedGreenBlue).Data.ShouldBe(pixels);
        }, iter: 200);

    [Fact]
    public void Given_APreprocessedImage_When_StoredAndReadBack_Then_ItIsTheSame()
    {
        var image = SlicePreprocessor.Process(Golden.Read("rgb16.png")).Image;
        SlicePreprocessor.FromPng(SlicePreprocessor.ToPng(image)).Pixels.ShouldBe(image.Pixels);
    }

    [Fact]
    public void Given_APngOfAnotherSize_When_ReadAsPreprocessed_Then_ItIsRejected() =>
        Should.Throw<SliceRejectedException>(() => SlicePreprocessor.FromPng(Golden.Read("grey8.png")));

    private static Gen<(int, int, byte[])> Pictures(int channels) =>
        from width in Gen.Int[1, 40]
        from height in Gen.Int[1, 40]
        from pixels in Gen.Byte.Array[width * height * channels]
        select (width, height, pixels);
}
