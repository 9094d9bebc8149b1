using CtSeg.Imaging;

namespace CtSeg.Shared.Tests.Imaging;

public sealed class SliceDecoderTests
{
    public static TheoryData<string> Png => Golden.Names(".png");
    public static TheoryData<string> Jpeg => Golden.Names(".jpg");
    public static TheoryData<string> Tiff => Golden.Names(".tif");

    [Theory]
    [MemberData(nameof(Png))]
    public void Given_AnyKindOfPng_When_Decoded_Then_GreyIsExact(string file) => DecodesTo(file, ImageKind.Png, tolerance: 0);

    [Theory]
    [MemberData(nameof(Tiff))]
    public void Given_AnyKindOfTiff_When_Decoded_Then_GreyIsExact(string file) => DecodesTo(file, ImageKind.Tiff, tolerance: 0);

    // libjpeg and Stb transform and enlarge chroma by different arithmetic.
    [Theory]
    [MemberData(nameof(Jpeg))]
    public void Given_AnyKindOfJpeg_When_Decoded_Then_GreyIsThatOfLibjpeg(string file) => DecodesTo(file, ImageKind.Jpeg, tolerance: 3);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(128, 0)]
    [InlineData(129, 1)]
    [InlineData(32767, 127)]
    [InlineData(32768, 128)]
    [InlineData(65535, 255)]
    public void Given_SixteenBits_When_MadeEight_Then_FullScaleIsRounded(int value, int expected) =>
        GreyConversion.From16(value).ShouldBe((byte)expected);

    [Fact]
    public void Given_OnePicture_When_UploadedAsEveryKind_Then_TheModelSeesTheSame()
    {
        var image = SliceDecoder.Decode(Golden.Read("grey8.png")).Grey;
        Func<GreyImage, byte[]>[] writers = [SliceFiles.Png8, SliceFiles.PngRgb, SliceFiles.Png16, SliceFiles.Tiff8, SliceFiles.Tiff16];
        foreach (var write in writers)
            SliceDecoder.Decode(write(image)).Grey.Pixels.ShouldBe(image.Pixels, write.Method.Name);
    }

    private static void DecodesTo(string file, ImageKind kind, int tolerance)
    {
        var expected = Golden.Files.Single(f => f.File == file);
        var slice = SliceDecoder.Decode(Golden.Read(file));
        slice.Kind.ShouldBe(kind);
        (slice.Grey.Width, slice.Grey.Height, slice.BitDepth, slice.Channels)
            .ShouldBe((expected.Width, expected.Height, expected.Bits, expected.Channels));
        byte[] grey = Golden.Read(expected.Grey);
        int worst = 0;
        for (int i = 0; i < grey.Length; i++)
            worst = Math.Max(worst, Math.Abs(grey[i] - slice.Grey.Pixels[i]));
        worst.ShouldBeLessThanOrEqualTo(tolerance);
    }
}
