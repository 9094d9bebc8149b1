using System.Buffers.Binary;
using CsCheck;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Imaging.Png;

namespace CtSeg.Shared.Tests.Imaging;

/// <summary>Whatever is uploaded: a picture or a <see cref="SliceRejectedException"/>, within the caps.</summary>
public sealed class HostileFileTests
{
    private static readonly ImageLimits Small = new() { MaxPixels = 1 << 20, MaxDecodedBytes = 4 << 20 };

    public static TheoryData<string> AllFiles => Golden.Names("");

    public static TheoryData<string> OneOfEachKind =>
    [
        "grey8.png", "grey16-interlaced.png", "palette4.png", "rgba16.png", "grey.jpg", "rgb420.jpg", "rgb-progressive.jpg",
        "t-grey8.tif", "t-grey16-lzw2.tif", "t-rgb8-zip.tif", "t-palette8-packbits.tif", "t-grey16-tiles-big.tif",
    ];

    [Theory]
    [MemberData(nameof(OneOfEachKind))]
    public void Given_AFileCutAnywhere_When_Decoded_Then_ItIsRejected(string file)
    {
        byte[] content = Golden.Read(file);
        int needed = file.EndsWith(".tif", StringComparison.Ordinal) ? LastByteUsed(content) : content.Length;
        for (int length = 0; length < needed; length++)
        {
            var rejection = Should.Throw<SliceRejectedException>(() => SliceDecoder.Decode(content.AsMemory(0, length)), $"cut at {length}");
            rejection.Reason.ShouldBe(length == 0 ? FailureReason.Empty : FailureReason.Truncated, $"cut at {length}: {rejection.Message}");
        }
    }

    // libtiff may leave bytes that nothing refers to behind the last strip or tag value.
    private static int LastByteUsed(byte[] content)
    {
        int length = content.Length;
        while (Decodes(content.AsMemory(0, length - 1)))
            length--;
        length.ShouldBeGreaterThan(content.Length - 4);
        return length;

        static bool Decodes(ReadOnlyMemory<byte> prefix)
        {
            try
            {
                SliceDecoder.Decode(prefix);
                return true;
            }
            catch (SliceRejectedException)
            {
                return false;
            }
        }
    }

    [Theory]
    [MemberData(nameof(AllFiles))]
    public void Given_AnyBytesChanged_When_Decoded_Then_APictureOrARejection(string file)
    {
        byte[] content = Golden.Read(file);
        Gen.Select(Gen.Int[0, content.Length - 1], Gen.Byte).Array[1, 8].Sample(
            changes =>
            {
                byte[] changed = [.. content];
                foreach (var (at, value) in changes)
                    changed[at] = value;
                // Without fitting checksums a mutation of a PNG would never get past its first chunk.
                if (file.EndsWith(".png", StringComparison.Ordinal))
                    PngFiles.MendChecksums(changed);
                Survives(changed);
            },
            iter: 400, threads: 1);
    }

    [Fact]
    public void Given_RandomBytesBehindASignature_When_Decoded_Then_APictureOrARejection()
    {
        byte[][] signatures = [[.. PngChunks.Signature], [0xFF, 0xD8, 0xFF], "II*\0"u8.ToArray(), "MM\0*"u8.ToArray(), []];
        Gen.Select(Gen.Int[0, signatures.Length - 1], Gen.Byte.Array[0, 300]).Sample(
            (signature, rest) => Survives([.. signatures[signature], .. rest]), iter: 5000, threads: 1);
    }

    [Fact]
    public void Given_AnEmptyFile_When_Decoded_Then_ItIsCalledEmpty() => ReasonOf([]).ShouldBe(FailureReason.Empty);

    [Theory]
    [InlineData("%PDF-1.7 some report", "PDF")]
    [InlineData("MZ\0\0 a program", "program")]
    [InlineData("patient;age\n1;2\n", "not a PNG, JPEG or TIFF")]
    public void Given_ARenamedFile_When_Decoded_Then_TheUploaderLearnsWhatItIs(string content, string said)
    {
        var rejection = Should.Throw<SliceRejectedException>(() => SliceDecoder.Decode(System.Text.Encoding.ASCII.GetBytes(content)));
        rejection.Reason.ShouldBe(FailureReason.UnsupportedKind);
        rejection.Message.ShouldContain(said);
        rejection.Action.ShouldContain("PNG");
    }

    [Theory]
    [InlineData(1, 500_000_000)]
    [InlineData(500_000_000, 1)]
    [InlineData(65_535, 65_535)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void Given_AHugeDeclaredPng_When_Decoded_Then_ItIsTooLargeBeforeMemoryIsTaken(int width, int height) =>
        RejectsWithin(PngFiles.Make(width, height, 8, 0, [1, 2, 3]), FailureReason.TooLarge, bytes: 1 << 20);

    [Fact]
    public void Given_APngThatPromisesMoreThanItsDataCanHold_When_Decoded_Then_NoMemoryIsTaken() =>
        RejectsWithin(PngFiles.Make(8000, 8000, 8, 0, PngFiles.Deflated(new byte[100])), FailureReason.Corrupt, bytes: 1 << 20);

    [Fact]
    public void Given_AZlibBomb_When_Decoded_Then_OnlyTheDeclaredBytesAreInflated() =>
        RejectsWithin(PngFiles.Make(16, 16, 8, 0, PngFiles.Deflated(new byte[200_000_000])), FailureReason.Corrupt, bytes: 4 << 20);

    [Fact]
    public void Given_DataThatDemandsAPresetDictionary_When_Decoded_Then_ItIsCorrupt() =>
        ReasonOf(PngFiles.Make(16, 16, 8, 0, [0x78, 0x20, 0, 0, 0, 1, 0, 0, 0, 0])).ShouldBe(FailureReason.Corrupt);

    [Fact]
    public void Given_APngAtTheDecodedCap_When_Decoded_Then_TooLargeCountsSamplesNotPixels()
    {
        var limits = new ImageLimits { MaxDecodedBytes = 100 * 100 * 3 };
        byte[] rows = PngFiles.Deflated(new byte[100 * (100 * 6 + 1)]);
        Should.Throw<SliceRejectedException>(() => SliceDecoder.Decode(PngFiles.Make(100, 100, 16, 2, rows), limits)).Reason.ShouldBe(FailureReason.TooLarge);
        SliceDecoder.Decode(PngFiles.Make(100, 100, 8, 2, PngFiles.Deflated(new byte[100 * 301])), limits).Grey.Width.ShouldBe(100);
    }

    [Fact]
    public void Given_AWrongChecksum_When_Decoded_Then_ItIsCorrupt()
    {
        byte[] content = Golden.Read("grey8.png");
        content[16] ^= 1;
        ReasonOf(content).ShouldBe(FailureReason.Corrupt);
    }

    [Fact]
    public void Given_ATiffWhoseDirectoriesGoInACircle_When_Decoded_Then_ItIsCorrupt()
    {
        byte[] tiff = [.. "II*\0"u8, 8, 0, 0, 0, 0, 0, 8, 0, 0, 0];
        ReasonOf(tiff).ShouldBe(FailureReason.Corrupt);
    }

    [Theory]
    [InlineData(1, 500_000_000, FailureReason.TooLarge)]
    [InlineData(8000, 8000, FailureReason.Corrupt)]
    [InlineData(0, 10, FailureReason.Corrupt)]
    public void Given_ATiffOfImpossibleSize_When_Decoded_Then_NoMemoryIsTaken(int width, int height, FailureReason reason)
    {
        byte[] tiff = Golden.Read("t-white-is-zero8.tif");
        int directory = BinaryPrimitives.ReadInt32LittleEndian(tiff.AsSpan(4));
        foreach (var (tag, value) in new[] { (0, width), (1, height), (7, height) })
        {
            BinaryPrimitives.WriteInt16LittleEndian(tiff.AsSpan(directory + 2 + 12 * tag + 2), 4);
            BinaryPrimitives.WriteInt32LittleEndian(tiff.AsSpan(directory + 2 + 12 * tag + 8), value);
        }
        RejectsWithin(tiff, reason, bytes: 1 << 20);
    }

    [Fact]
    public void Given_AProgressiveJpegOfCountlessScans_When_Decoded_Then_ItIsTooLarge()
    {
        byte[] jpeg = Golden.Read("grey-progressive.jpg");
        int scan = jpeg.AsSpan().IndexOf(new byte[] { 0xFF, 0xDA });
        byte[] bomb = [.. jpeg.AsSpan(0, scan), .. Enumerable.Repeat(jpeg[scan..^2], 300).SelectMany(s => s), 0xFF, 0xD9];
        ReasonOf(bomb).ShouldBe(FailureReason.TooLarge);
    }

    private static void Survives(byte[] content)
    {
        try
        {
            var grey = SliceDecoder.Decode(content, Small).Grey;
            grey.Pixels.Length.ShouldBeLessThanOrEqualTo(1 << 20);
        }
        catch (SliceRejectedException rejection)
        {
            rejection.Message.ShouldEndWith(".");
        }
    }

    private static FailureReason ReasonOf(byte[] content) =>
        Should.Throw<SliceRejectedException>(() => SliceDecoder.Decode(content)).Reason;

    private static void RejectsWithin(byte[] content, FailureReason reason, long bytes)
    {
        ReasonOf(content).ShouldBe(reason);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ReasonOf(content).ShouldBe(reason);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(bytes);
    }
}
