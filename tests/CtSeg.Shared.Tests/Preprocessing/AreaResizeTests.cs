using System.IO.Hashing;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.Shared.Tests.Imaging;

namespace CtSeg.Shared.Tests.Preprocessing;

public sealed class AreaResizeTests
{
    public static TheoryData<int, int, int, int, string> Resizes
    {
        get
        {
            var data = new TheoryData<int, int, int, int, string>();
            foreach (string[] f in Golden.Table("resize.csv"))
                data.Add(Golden.Number(f[0]), Golden.Number(f[1]), Golden.Number(f[2]), Golden.Number(f[3]), f[4]);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Resizes))]
    public void Given_AnySize_When_Resized_Then_EveryByteIsOpenCvs(int width, int height, int toWidth, int toHeight, string crc)
    {
        var resized = AreaResize.Resize(Pattern(width, height), toWidth, toHeight);
        (resized.Width, resized.Height).ShouldBe((toWidth, toHeight));
        Crc32.HashToUInt32(resized.Pixels).ToString("x8", System.Globalization.CultureInfo.InvariantCulture).ShouldBe(crc);
    }

    [Fact]
    public void Given_OneGrey_When_Resized_Then_ItStays() =>
        AreaResize.Resize(new GreyImage(500, 411, [.. Enumerable.Repeat((byte)255, 500 * 411)]), 369, 369).Pixels.ShouldAllBe(p => p == 255);

    // The rule of golden/make.py.
    private static GreyImage Pattern(int width, int height)
    {
        var pixels = new byte[width * height];
        for (long y = 0; y < height; y++)
        {
            for (long x = 0; x < width; x++)
                pixels[y * width + x] = (byte)((x * 2654435761 + y * 40503 + x * y * 97) >> 5);
        }
        return new GreyImage(width, height, pixels);
    }
}
