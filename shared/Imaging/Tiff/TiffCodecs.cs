using System.IO.Compression;

namespace CtSeg.Imaging.Tiff;

/// <summary>The compressions of TIFF. Each fills its target to the last byte or rejects; none writes beyond it.</summary>
internal static class TiffCodecs
{
    /// <exception cref="SliceRejectedException">The data is not valid or too short.</exception>
    public static void Expand(TiffCompression compression, ReadOnlyMemory<byte> source, Span<byte> target)
    {
        switch (compression)
        {
            case TiffCompression.None:
                if (source.Length < target.Length)
                    throw TooShort();
                source.Span[..target.Length].CopyTo(target);
                break;
            case TiffCompression.Lzw:
                new TiffLzw(source.Span).Expand(target);
                break;
            case TiffCompression.Deflate or TiffCompression.OldDeflate:
                Inflate(source, target);
                break;
            default:
                UnpackBits(source.Span, target);
                break;
        }
    }

    public static SliceRejectedException TooShort() =>
        SliceRejectedException.Corrupt("a strip or tile of the TIFF holds less data than its size needs");

    private static void Inflate(ReadOnlyMemory<byte> source, Span<byte> target)
    {
        try
        {
            using var zlib = new ZLibStream(new SegmentStream([source]), CompressionMode.Decompress);
            if (zlib.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length)
                throw TooShort();
        }
        // IOException is what a demand for a preset dictionary ends in; nothing here reads a device.
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw SliceRejectedException.Corrupt("the compressed data of the TIFF is not valid", e);
        }
    }

    private static void UnpackBits(ReadOnlySpan<byte> source, Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            if (source.Length < 2)
                throw TooShort();
            int head = (sbyte)source[0];
            if (head >= 0)
            {
                int count = Math.Min(head + 1, target.Length);
                if (source.Length < 1 + count)
                    throw TooShort();
                source.Slice(1, count).CopyTo(target);
                source = source[(1 + count)..];
                target = target[count..];
            }
            else if (head == -128)
            {
                source = source[1..];
            }
            else
            {
                int count = Math.Min(1 - head, target.Length);
                target[..count].Fill(source[1]);
                source = source[2..];
                target = target[count..];
            }
        }
    }
}

/// <summary>LZW as TIFF has it (TIFF 6.0, section 13): codes of 9 to 12 bits, high bit first, widened one code early.</summary>
internal ref struct TiffLzw(ReadOnlySpan<byte> source)
{
    private const int Clear = 256, End = 257, First = 258, Capacity = 4096;

    private readonly ReadOnlySpan<byte> _source = source;
    private int _at, _bits, _bitCount;

    public void Expand(Span<byte> target)
    {
        // A code is a place in the output: the string of its predecessor and one byte more.
        var starts = new int[Capacity];
        var lengths = new int[Capacity];
        int next = First, width = 9, previousStart = -1, previousLength = 0, filled = 0;
        while (filled < target.Length)
        {
            int code = Next(width);
            if (code == End)
                throw TiffCodecs.TooShort();
            if (code == Clear)
            {
                (next, width, previousStart) = (First, 9, -1);
                continue;
            }
            int start = filled;
            int length = code < Clear ? 1 : code < next ? lengths[code] : previousLength + 1;
            if (code > next || (code >= Clear && previousStart < 0))
                throw SliceRejectedException.Corrupt("the LZW data of the TIFF is not valid");
            if (code == next && next == Capacity)
                throw SliceRejectedException.Corrupt("the LZW data of the TIFF is not valid");
            Copy(target, code, code < Clear ? -1 : code < next ? starts[code] : previousStart, length, ref filled);
            if (previousStart >= 0 && next < Capacity)
            {
                (starts[next], lengths[next]) = (previousStart, previousLength + 1);
                next++;
                width = next >= 2047 ? 12 : next >= 1023 ? 11 : next >= 511 ? 10 : 9;
            }
            (previousStart, previousLength) = (start, length);
        }
    }

    // Source and target may overlap by design: the last byte of a string can be the first that it writes.
    private static void Copy(Span<byte> target, int code, int from, int length, ref int filled)
    {
        if (from < 0)
        {
            target[filled++] = (byte)code;
            return;
        }
        int count = Math.Min(length, target.Length - filled);
        for (int i = 0; i < count; i++)
            target[filled++] = target[from + i];
    }

    private int Next(int width)
    {
        while (_bitCount < width)
        {
            if (_at >= _source.Length)
                throw TiffCodecs.TooShort();
            _bits = (_bits << 8) | _source[_at++];
            _bitCount += 8;
        }
        _bitCount -= width;
        int code = (_bits >> _bitCount) & ((1 << width) - 1);
        _bits &= (1 << _bitCount) - 1;
        return code;
    }
}
