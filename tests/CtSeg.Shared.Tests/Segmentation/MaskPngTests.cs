using CsCheck;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Segmentation;

namespace CtSeg.Shared.Tests.Segmentation;

public sealed class MaskPngTests
{
    [Fact]
    public void Given_AnyMask_When_WrittenAndRead_Then_ItIsTheSame() =>
        Masks.Sample(mask =>
        {
            var read = MaskPng.Read(MaskPng.Write(mask), (mask.Width, mask.Height));
            read.Labels.ShouldBe(mask.Labels);
        }, iter: 300);

    // Stb shows what any viewer shows: the palette's colours, background transparent black.
    [Fact]
    public void Given_EveryClass_When_SeenByAViewer_Then_ItHasTheColourOfItsClass()
    {
        byte[] png = MaskPng.Write(new LesionMask(4, 1, [0, 1, 2, 3]));
        StbImageSharp.ImageResult.FromMemory(png, StbImageSharp.ColorComponents.RedGreenBlueAlpha).Data.ShouldBe(
            [0, 0, 0, 0, 86, 180, 233, 255, 230, 159, 0, 255, 204, 121, 167, 255]);
    }

    [Fact]
    public void Given_AGreyPngOfClassNumbers_When_Read_Then_ItIsAMask() =>
        MaskPng.Read(PngWriter.Grey(new GreyImage(2, 2, [0, 1, 2, 3]))).Labels.ShouldBe([0, 1, 2, 3]);

    [Fact]
    public void Given_AValueAboveThree_When_Read_Then_ItIsCorrupt()
    {
        var rejection = Should.Throw<SliceRejectedException>(() => MaskPng.Read(PngWriter.Grey(new GreyImage(2, 1, [3, 200]))));
        rejection.Reason.ShouldBe(FailureReason.Corrupt);
        rejection.Message.ShouldContain("200");
    }

    [Fact]
    public void Given_AMaskOfAnotherSize_When_Read_Then_BothSizesAreNamed() =>
        Should.Throw<SliceRejectedException>(() => MaskPng.Read(MaskPng.Write(new LesionMask(2, 1, [0, 0])), (1, 2)))
            .Message.ShouldContain("2 x 1");

    [Fact]
    public void Given_AValueThatIsNoClass_When_Written_Then_ItIsRefused() =>
        Should.Throw<ArgumentException>(() => MaskPng.Write(new LesionMask(1, 1, [4])));

    [Fact]
    public void Given_AColourPicture_When_ReadAsMask_Then_ItIsRejected() =>
        Should.Throw<SliceRejectedException>(() => MaskPng.Read(PngWriter.Rgb(new RgbImage(1, 1, [1, 1, 1]))))
            .Reason.ShouldBe(FailureReason.UnsupportedKind);

    private static Gen<LesionMask> Masks =>
        from width in Gen.Int[1, 60]
        from height in Gen.Int[1, 60]
        from labels in Gen.Byte[0, 3].Array[width * height]
        select new LesionMask(width, height, labels);
}
