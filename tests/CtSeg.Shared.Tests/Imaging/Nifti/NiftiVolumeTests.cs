using CtSeg.Contracts;
using CtSeg.Imaging.Nifti;

namespace CtSeg.Shared.Tests.Imaging.Nifti;

public sealed class NiftiVolumeTests
{
    private static readonly short[] Two = [3, 2, 1, 1, 1, 1, 1, 1];

    public static TheoryData<short, short, string, double, double> Numbers => new()
    {
        // Datatype code, bits, two stored numbers in hexadecimal with the most significant byte first, what they are.
        { 2, 8, "00 ff", 0, 255 },
        { 4, 16, "fc00 7fff", -1024, 32767 },
        { 512, 16, "0400 ffff", 1024, 65535 },
        { 8, 32, "fffffc00 7fffffff", -1024, 2147483647 },
        { 16, 32, "c4800000 3f9d70a4", -1024, 1.2300000190734863 },
        { 64, 64, "c090000000000000 3ff3ae147ae147ae", -1024, 1.23 },
    };

    [Theory]
    [MemberData(nameof(Numbers))]
    public void Given_EveryDatatypeInBothByteOrders_When_Read_Then_Exact(short datatype, short bits, string stored, double first, double second)
    {
        foreach (var bigEndian in new[] { false, true })
        {
            // Bytes in the order of this machine; the builder turns them.
            var numbers = stored.Split(' ').Select(number => (byte[])[.. Convert.FromHexString(number).Reverse()]).ToArray();
            var file = NiftiFiles.Of(Two, datatype, bits, bigEndian).With(numbers);
            foreach (var content in new[] { file, NiftiFiles.Packed(file) })
            {
                using var volume = NiftiVolume.Open(new MemoryStream(content));
                (volume.Header.Width, volume.Header.Height, volume.Header.Slices, volume.Header.BigEndian).ShouldBe((2, 1, 1, bigEndian));
                volume.ReadSlice().ShouldBe([first, second]);
                volume.ReadSlice().ShouldBeNull();
            }
        }
    }

    /// <summary>Packed by Python (struct and gzip): big-endian int16, 3 x 2 x 2, slope 0.5, intercept -1024, values after an extension of 16 bytes.</summary>
    [Fact]
    public void Given_AFileOfAnotherImplementation_When_Read_Then_ItsNumbersSliceBySlice()
    {
        var file = Convert.FromBase64String(
            "H4sIAAAAAAACA2NgYIxhIAawMDAzMAEhIxSiywoQNsJ5BwODPZA+0sAw7EGetiEskEAhw5acn5ubmlcC4jP+/1//v4GBg4GBHUhwMnAxcDPwAAAxnIdmiAEAAA==");
        using var volume = NiftiVolume.Open(new MemoryStream(file));
        (volume.Header.Width, volume.Header.Height, volume.Header.Slices, volume.Header.Datatype).ShouldBe((3, 2, 2, NiftiDatatype.Int16));
        volume.ReadSlice().ShouldBe([-1024, -1023.5, -1024.5, 15359.5, -17408, 0]);
        volume.ReadSlice().ShouldBe([-1020.5, -1020, -1019.5, -1019, -1018.5, -1018]);
        volume.ReadSlice().ShouldBeNull();
    }

    [Theory]
    [InlineData(2f, -1f, 5d)]
    [InlineData(0f, 7f, 3d)]
    [InlineData(float.NaN, 7f, 3d)]
    public void Given_Scaling_When_Read_Then_AsTheStandardSays(float slope, float intercept, double value)
    {
        using var volume = NiftiVolume.Open(new MemoryStream(NiftiFiles.Of([2, 1, 1, 1, 1, 1, 1, 1], 2, 8, slope: slope, intercept: intercept).With([3])));
        volume.ReadSlice().ShouldBe([value]);
    }

    [Theory]
    [InlineData(0, 100, FailureReason.UnsupportedKind, "does not begin with the header")]
    [InlineData(0, 540, FailureReason.UnsupportedKind, "NIfTI-2")]
    [InlineData(40, 0, FailureReason.Corrupt, "0 dimensions")]
    [InlineData(40, 8, FailureReason.Corrupt, "8 dimensions")]
    [InlineData(40, 1, FailureReason.UnsupportedKind, "one dimension")]
    [InlineData(42, 0, FailureReason.Corrupt, "dimension 1 is 0")]
    [InlineData(44, -5, FailureReason.Corrupt, "dimension 2 is -5")]
    [InlineData(46, 20_000, FailureReason.TooLarge, "20000 slices")]
    [InlineData(70, 128, FailureReason.UnsupportedKind, "datatype 128")]
    [InlineData(72, 16, FailureReason.Corrupt, "16 bits for numbers of 8")]
    public void Given_AHeaderField_When_ItIsWrong_Then_RefusedWithAReason(int at, short value, FailureReason reason, string says)
    {
        var file = NiftiFiles.Of(Two, 2, 8);
        if (at == 0)
            file.Put(0, (int)value);
        else
            file.Put(at, value);
        ShouldBeRefused(file.With([1], [2]), reason, says);
    }

    [Theory]
    [InlineData(108, 0f, "begin at byte 0")]
    [InlineData(108, 352.5f, "begin at byte 352.5")]
    [InlineData(108, float.NaN, "begin at byte NaN")]
    [InlineData(108, float.PositiveInfinity, "")]
    [InlineData(108, 1e9f, "begin only at byte")]
    [InlineData(108, 4000f, "before its values begin")]
    [InlineData(116, float.NaN, "intercept")]
    public void Given_ANumberOfTheHeader_When_ItIsWrong_Then_RefusedWithAReason(int at, float value, string says)
    {
        var file = NiftiFiles.Of(Two, 2, 8, slope: 1);
        file.Put(at, value);
        ShouldBeRefused(file.With([1], [2]), null, says);
    }

    [Fact]
    public void Given_FourDimensions_When_Read_Then_OnlyWithOneVolume()
    {
        using (var volume = NiftiVolume.Open(new MemoryStream(NiftiFiles.Of([4, 2, 1, 1, 1, 1, 1, 1], 2, 8).With([1], [2]))))
            volume.ReadSlice().ShouldBe([1, 2]);
        ShouldBeRefused(NiftiFiles.Of([4, 2, 1, 1, 3, 1, 1, 1], 2, 8).With([1], [2]), FailureReason.UnsupportedKind, "more than three dimensions");
    }

    [Fact]
    public void Given_MagicBytes_When_TheyAreOthers_Then_Refused()
    {
        foreach (var (magic, says) in new[] { ("ni1\0", "pair"), ("n+2\0", "magic"), ("\0\0\0\0", "magic") })
        {
            var file = NiftiFiles.Of(Two, 2, 8);
            System.Text.Encoding.ASCII.GetBytes(magic).CopyTo(file.Header, 344);
            ShouldBeRefused(file.With([1], [2]), FailureReason.UnsupportedKind, says);
        }
    }

    [Fact]
    public void Given_EveryLengthOfACutFile_When_Read_Then_RefusedAndNoCrash()
    {
        var whole = NiftiFiles.Of([3, 4, 3, 2, 1, 1, 1, 1], 4, 16).With([.. Enumerable.Range(0, 24).Select(i => BitConverter.GetBytes((short)(100 * i)))]);
        ReadAll(whole).ShouldBe(2);
        foreach (var file in new[] { whole, NiftiFiles.Packed(whole) })
        {
            // The last bytes of a packed file hold no value: the end of the block, and the check sum.
            for (var length = 0; length < (file == whole ? whole.Length : file.Length - 16); length++)
                Should.Throw<NiftiRejectedException>(() => ReadAll(file[..length]));
        }
    }

    [Fact]
    public void Given_EveryByteOfAFileChanged_When_Read_Then_ReadOrRefusedAndNothingElse()
    {
        var whole = NiftiFiles.Of([3, 4, 3, 2, 1, 1, 1, 1], 4, 16).With([.. Enumerable.Range(0, 24).Select(i => BitConverter.GetBytes((short)(100 * i)))]);
        var limits = new NiftiLimits { MaxSlicePixels = 1 << 20, MaxSlices = 100, MaxBytes = 1 << 24 };
        var refused = 0;
        foreach (var file in new[] { whole, NiftiFiles.Packed(whole) })
        {
            for (var at = 0; at < file.Length; at++)
            {
                foreach (var value in new byte[] { 0x00, 0x01, 0x7F, 0x80, 0xFF })
                {
                    var changed = (byte[])file.Clone();
                    changed[at] = value;
                    try
                    {
                        ReadAll(changed, limits);
                    }
                    catch (NiftiRejectedException)
                    {
                        refused++;
                    }
                }
            }
        }
        refused.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void Given_AbsurdSizesInASmallFile_When_Read_Then_RefusedBeforeMemoryIsTaken()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        ShouldBeRefused(NiftiFiles.Of([3, 32767, 32767, 1, 1, 1, 1, 1], 64, 64).With([1]), FailureReason.TooLarge, "32767 x 32767");
        ShouldBeRefused(NiftiFiles.Of([3, 4000, 4000, 9999, 1, 1, 1, 1], 64, 64).With([1]), FailureReason.TooLarge, "4000 x 4000 x 9999");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);
    }

    [Fact]
    public void Given_AGzipBomb_When_Read_Then_OnlyWhatTheHeaderDeclaresIsUnpacked()
    {
        // 256 MB of zeros behind a header that declares two values.
        var file = NiftiFiles.Of(Two, 2, 8).With([1], [2]);
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(file);
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 256; i++)
                gzip.Write(zeros);
        }
        using var content = new MemoryStream(packed.ToArray());
        using var volume = NiftiVolume.Open(content);
        volume.ReadSlice().ShouldBe([1, 2]);
        volume.ReadSlice().ShouldBeNull();
        content.Position.ShouldBeLessThan(content.Length / 4);
    }

    private static int ReadAll(byte[] file, NiftiLimits? limits = null)
    {
        using var volume = NiftiVolume.Open(new MemoryStream(file), limits);
        var slices = 0;
        while (volume.ReadSlice() is not null)
            slices++;
        return slices;
    }

    private static void ShouldBeRefused(byte[] file, FailureReason? reason, string says)
    {
        var refusal = Should.Throw<NiftiRejectedException>(() => ReadAll(file));
        refusal.Message.ShouldContain(says);
        if (reason is { } expected)
            refusal.Reason.ShouldBe(expected);
    }
}
