using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Preprocessing;

namespace CtSeg.Shared.Tests.DataSets;

/// <summary>On drawn pictures; the limit was chosen on real slices, whose test is in the job's tests.</summary>
public sealed class PictureFingerprintTests
{
    [Fact]
    public void Given_ABrightLeftHalf_When_Fingerprinted_Then_TheBitsAreThoseOfItsCosineSeries()
    {
        // By hand: sum over x < 32 of cos(pi c (x + 1/2) / 64) = sin(pi c / 2) / (2 sin(pi c / 128)), positive for c = 1, 5, 9, ..., and zero for even c
        // and for every frequency along the columns. The frequency (0, c) is bit (c - 1)(c + 2) / 2.
        var half = new GreyImage(64, 64, [.. Enumerable.Range(0, 64 * 64).Select(i => (byte)(i % 64 < 32 ? 200 : 50))]);
        var expected = new byte[32];
        foreach (var bit in new[] { 0, 14, 44, 90, 152, 230 })
            expected[bit / 8] |= (byte)(0x80 >> (bit % 8));
        PictureFingerprint.Of(half).ShouldBe(Convert.ToHexStringLower(expected));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(77)]
    [InlineData(255)]
    public void Given_APlainPicture_When_Fingerprinted_Then_NoBitIsSet(byte grey)
    {
        var pixels = new byte[369 * 369];
        pixels.AsSpan().Fill(grey);
        PictureFingerprint.Of(new GreyImage(369, 369, pixels)).ShouldBe(new string('0', 64));
    }

    [Fact]
    public void Given_TheSamePictureInOtherForms_When_Compared_Then_KnownAgain()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var picture = Pictures.Blotches(seed, side: 512);
            var identity = Identity(picture);
            foreach (var other in new[]
                     {
                         Pictures.Map(picture, grey => 127 + (grey - 127) * 0.8), Pictures.Map(picture, grey => grey - 25),
                         Pictures.Map(picture, grey => 255 * Math.Pow(grey / 255, 0.8)), AreaResize.Resize(picture, 256, 256), AreaResize.Resize(picture, 1024, 1024),
                     })
                new PictureIndex([identity]).Knows(Identity(other)).ShouldBeTrue();
        }
    }

    [Fact]
    public void Given_DifferentPictures_When_Compared_Then_ToldApart()
    {
        var prints = Enumerable.Range(1, 40).Select(seed => Identity(Pictures.Blotches(seed))).ToArray();
        for (var i = 0; i < prints.Length; i++)
            for (var j = 0; j < i; j++)
                new PictureIndex([prints[i]]).Knows(prints[j]).ShouldBeFalse();
    }

    [Fact]
    public void Given_FingerprintsAtTheLimit_When_Compared_Then_OneBitDecides()
    {
        var (first, at, beyond) = (Pictures.Bits(1), Pictures.Bits(PictureFingerprint.MaxDistance + 1), Pictures.Bits(PictureFingerprint.MaxDistance + 2));
        PictureFingerprint.Distance(Pictures.Bits(0), Pictures.Bits(256)).ShouldBe(256);
        PictureFingerprint.Distance(at, at).ShouldBe(0);
        PictureFingerprint.Distance(beyond, at).ShouldBe(1);
        PictureIdentity Identity(char hash, string bits) => new(new string(hash, 64), bits);
        var index = new PictureIndex([Identity('a', first)]);
        index.Knows(Identity('b', at)).ShouldBeTrue();
        index.Knows(Identity('b', beyond)).ShouldBeFalse();
        index.Knows(Identity('a', beyond)).ShouldBeTrue();
    }

    [Fact]
    public void Given_APictureWithoutStructure_When_LookedFor_Then_NeverFound()
    {
        var black = new PictureIdentity(new string('a', 64), Pictures.Bits(0));
        new PictureIndex([black]).Knows(black).ShouldBeFalse();
        new PictureIndex([black]).Knows(new(new string('b', 64), Pictures.Bits(PictureFingerprint.MaxDistance))).ShouldBeFalse();
        new PictureIndex([new(new string('b', 64), Pictures.Bits(PictureFingerprint.MaxDistance))]).Knows(black).ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("g000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("A000000000000000000000000000000000000000000000000000000000000000")]
    public void Given_NoFingerprint_When_Compared_Then_Refused(string text) =>
        Should.Throw<FormatException>(() => PictureFingerprint.Distance(new string('0', 64), text));

    private static PictureIdentity Identity(GreyImage picture) => PictureIdentity.Of(SlicePreprocessor.Resize(picture));
}
