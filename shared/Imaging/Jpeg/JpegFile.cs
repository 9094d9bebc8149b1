using System.Buffers.Binary;

namespace CtSeg.Imaging.Jpeg;

/// <summary>What the markers of a JPEG say (ITU-T T.81, annex B); the entropy-coded data is walked over, not decoded.</summary>
/// <param name="Channels">1 grey, 3 colour, 4 CMYK.</param>
internal sealed record JpegFile(int Width, int Height, int Channels, bool Progressive)
{
    private const byte StartOfScan = 0xDA, EndOfImage = 0xD9;

    /// <remarks>The decoder fills in grey where data ends early, so the end mark is looked for here.</remarks>
    /// <exception cref="SliceRejectedException"/>
    public static JpegFile Parse(ReadOnlySpan<byte> content, ImageLimits limits)
    {
        JpegFile? file = null;
        int scans = 0;
        for (int at = 2; ;)
        {
            byte marker = NextMarker(content, ref at);
            if (marker == EndOfImage)
                break;
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
                continue;
            if (content.Length - at < 2)
                throw Cut();
            int length = BinaryPrimitives.ReadUInt16BigEndian(content[at..]);
            if (length < 2)
                throw SliceRejectedException.Corrupt("a JPEG segment declares an impossible length");
            if (length > content.Length - at)
                throw Cut();
            var segment = content.Slice(at + 2, length - 2);
            at += length;
            if (IsFrame(marker))
            {
                if (file is not null)
                    throw SliceRejectedException.Corrupt("the JPEG declares its size twice");
                file = ParseFrame(marker, segment, limits);
            }
            else if (marker == StartOfScan)
            {
                if (file is null)
                    throw SliceRejectedException.Corrupt("the JPEG holds image data before its size");
                if (++scans > limits.MaxNestedItems)
                    throw SliceRejectedException.TooLarge($"its JPEG data comes in more than {limits.MaxNestedItems} scans");
                SkipEntropyCoded(content, ref at);
            }
        }
        if (file is null || scans == 0)
            throw SliceRejectedException.Corrupt("the JPEG holds no image");
        return file;
    }

    private static byte NextMarker(ReadOnlySpan<byte> content, ref int at)
    {
        if (at >= content.Length)
            throw Cut();
        if (content[at] != 0xFF)
            throw SliceRejectedException.Corrupt("a marker of the JPEG is not where it must be");
        while (at < content.Length && content[at] == 0xFF)
            at++;
        if (at >= content.Length)
            throw Cut();
        return content[at++];
    }

    private static void SkipEntropyCoded(ReadOnlySpan<byte> content, ref int at)
    {
        while (true)
        {
            int next = content[at..].IndexOf((byte)0xFF);
            if (next < 0 || at + next + 1 >= content.Length)
                throw Cut();
            at += next;
            byte follower = content[at + 1];
            if (follower is 0 or (>= 0xD0 and <= 0xD7))
                at += 2;
            else if (follower == 0xFF)
                at++;
            else
                return;
        }
    }

    private static bool IsFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);

    private static JpegFile ParseFrame(byte marker, ReadOnlySpan<byte> segment, ImageLimits limits)
    {
        if (segment.Length < 6)
            throw SliceRejectedException.Corrupt("the JPEG's header is too short");
        if (marker > 0xC2 || segment[0] != 8)
            throw SliceRejectedException.Unsupported("it is a JPEG of a rare kind (lossless, arithmetic or more than 8 bits)");
        int height = BinaryPrimitives.ReadUInt16BigEndian(segment[1..]), width = BinaryPrimitives.ReadUInt16BigEndian(segment[3..]);
        int channels = segment[5];
        if (channels is not (1 or 3 or 4))
            throw SliceRejectedException.Corrupt($"the JPEG declares {channels} colour channels");
        bool progressive = marker == 0xC2;
        // Samples and the picture made of them, and the coefficients (two bytes each) that a progressive image keeps.
        limits.Check(width, height, channels * (progressive ? 3 : 1) + 3);
        return new JpegFile(width, height, channels, progressive);
    }

    private static SliceRejectedException Cut() => SliceRejectedException.Truncated("the JPEG ends before its end mark");
}
