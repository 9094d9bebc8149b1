using System.Buffers.Binary;

namespace CtSeg.Imaging.Png;

/// <summary>The structure of a PNG file, checked; nothing is inflated yet.</summary>
/// <param name="ColourType">0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA.</param>
/// <param name="Palette">RGB triples; empty where there is none.</param>
/// <param name="Data">The contents of the IDAT chunks, in order; together one zlib stream.</param>
internal sealed record PngFile(
    int Width, int Height, int BitDepth, int ColourType, bool Interlaced,
    ReadOnlyMemory<byte> Palette, IReadOnlyList<ReadOnlyMemory<byte>> Data)
{
    /// <value>Samples a pixel.</value>
    public int Channels => ColourType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };

    /// <summary>Bytes of a row of <paramref name="width"/> pixels, without its filter byte.</summary>
    public int RowBytes(int width) => checked((int)(((long)width * Channels * BitDepth + 7) / 8));

    /// <remarks>The CRC of critical chunks must fit; ancillary chunks are skipped unread.</remarks>
    /// <exception cref="SliceRejectedException"/>
    public static PngFile Parse(ReadOnlyMemory<byte> content, ImageLimits limits)
    {
        PngFile? file = null;
        ReadOnlyMemory<byte> palette = default;
        var data = new List<ReadOnlyMemory<byte>>();
        var span = content.Span;
        if (!span.StartsWith(PngChunks.Signature))
            throw SliceRejectedException.Unsupported("its content is not a PNG image");
        bool dataEnded = false;
        for (int at = PngChunks.Signature.Length; ;)
        {
            if (span.Length - at < 12)
                throw SliceRejectedException.Truncated("the PNG ends before its end mark");
            uint length = BinaryPrimitives.ReadUInt32BigEndian(span[at..]);
            uint type = BinaryPrimitives.ReadUInt32BigEndian(span[(at + 4)..]);
            if (length > int.MaxValue)
                throw SliceRejectedException.Corrupt("a PNG chunk declares an impossible length");
            if (file is null && (type != PngChunks.Header || length != 13))
                throw SliceRejectedException.Corrupt("the PNG does not begin with its header");
            if (length > span.Length - at - 12)
                throw SliceRejectedException.Truncated("a PNG chunk goes on beyond the end of the file");
            int size = (int)length;
            if (PngChunks.IsCritical(type) && PngCrc.Of(span.Slice(at + 4, size + 4)) != BinaryPrimitives.ReadUInt32BigEndian(span[(at + 8 + size)..]))
                throw SliceRejectedException.Corrupt("a checksum in the PNG does not fit");
            var body = content.Slice(at + 8, size);
            at += 12 + size;
            if (file is null)
            {
                file = ParseHeader(body.Span, limits);
                continue;
            }
            if (type == PngChunks.End)
                break;
            if (type == PngChunks.Data)
            {
                if (dataEnded)
                    throw SliceRejectedException.Corrupt("the image data of the PNG is not in one piece");
                data.Add(body);
                continue;
            }
            dataEnded = data.Count > 0;
            if (type == PngChunks.Palette)
            {
                if (!palette.IsEmpty || dataEnded || size is 0 or > 768 || size % 3 != 0)
                    throw SliceRejectedException.Corrupt("the PNG's palette is not in order");
                palette = body;
            }
            else if (PngChunks.IsCritical(type))
            {
                throw SliceRejectedException.Unsupported("it is a PNG with an unknown kind of content");
            }
        }
        if (data.Count == 0)
            throw SliceRejectedException.Corrupt("the PNG holds no image data");
        if (file.ColourType == 3 && palette.IsEmpty)
            throw SliceRejectedException.Corrupt("the PNG lacks its palette");
        return file with { Palette = palette, Data = data };
    }

    private static PngFile ParseHeader(ReadOnlySpan<byte> header, ImageLimits limits)
    {
        uint width = BinaryPrimitives.ReadUInt32BigEndian(header), height = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        int bits = header[8], colour = header[9];
        bool valid = colour switch
        {
            0 => bits is 1 or 2 or 4 or 8 or 16,
            3 => bits is 1 or 2 or 4 or 8,
            2 or 4 or 6 => bits is 8 or 16,
            _ => false,
        };
        if (!valid || header[10] != 0 || header[11] != 0 || header[12] > 1)
            throw SliceRejectedException.Corrupt("the PNG's header declares a format that does not exist");
        int channels = colour switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        limits.Check(width, height, channels * ((bits + 7) / 8));
        return new PngFile((int)width, (int)height, bits, colour, header[12] == 1, default, []);
    }
}
