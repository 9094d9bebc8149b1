using System.Buffers.Binary;

namespace CtSeg.Imaging.Tiff;

/// <summary>
/// Reads TIFF: 8 and 16 bit grey, RGB and (8 bit) palette, strips and tiles, not compressed, LZW, deflate or PackBits,
/// with or without horizontal differencing (TIFF 6.0, sections 3 to 9, 13 to 15).
/// </summary>
/// <remarks>Own, so that every cap is checked before memory is taken and bad content has one typed answer.</remarks>
internal static class TiffReader
{
    // No compression here expands more: deflate 1032, LZW about 2,700, PackBits 64.
    private const long MaxRatio = 4096;

    /// <exception cref="SliceRejectedException"/>
    public static DecodedSlice Decode(ReadOnlyMemory<byte> content, ImageLimits limits)
    {
        var pages = TiffDirectory.ReadAll(content, limits).Where(IsFullImage).ToList();
        if (pages.Count != 1)
            throw SliceRejectedException.Unsupported($"the TIFF holds {pages.Count} pages; upload one file for each slice");
        var format = TiffFormat.Of(pages[0], limits);
        var segments = Segments(pages[0], format, content);
        var grey = new byte[format.Width * format.Height];
        var line = new byte[format.TileWidth];
        var toGrey = new TiffGrey(format, pages[0]);
        var buffer = new byte[format.TileRowBytes * Math.Min(format.TileHeight, format.RowsStored(0))];
        for (int i = 0; i < segments.Count; i++)
        {
            int across = i % format.TilesAcross, down = i / format.TilesAcross;
            var tile = buffer.AsSpan(0, format.RowsStored(down) * format.TileRowBytes);
            TiffCodecs.Expand(format.Compression, segments[i], tile);
            int left = across * format.TileWidth, top = down * format.TileHeight;
            int width = Math.Min(format.TileWidth, format.Width - left), height = Math.Min(format.TileHeight, format.Height - top);
            for (int y = 0; y < height; y++)
            {
                var row = tile.Slice(y * format.TileRowBytes, format.TileRowBytes);
                if (format.Predicted)
                    UndoDifferences(row, format);
                toGrey.Row(row, line);
                line.AsSpan(0, width).CopyTo(grey.AsSpan((top + y) * format.Width + left));
            }
        }
        return new DecodedSlice(new GreyImage(format.Width, format.Height, grey), ImageKind.Tiff, format.Bits, format.Channels);
    }

    // Bit 0: a smaller version of another image in the file.
    private static bool IsFullImage(TiffDirectory directory) => (directory.Value(TiffTag.NewSubfileType, 0) & 1) == 0;

    private static List<ReadOnlyMemory<byte>> Segments(TiffDirectory directory, TiffFormat format, ReadOnlyMemory<byte> content)
    {
        uint[] offsets = directory.Values(format.Tiled ? TiffTag.TileOffsets : TiffTag.StripOffsets);
        uint[] lengths = directory.Values(format.Tiled ? TiffTag.TileByteCounts : TiffTag.StripByteCounts);
        long expected = (long)format.TilesAcross * format.TilesDown;
        if (offsets.Length != expected || lengths.Length != expected)
            throw SliceRejectedException.Corrupt("the TIFF does not hold as many strips or tiles as its size needs");
        var segments = new List<ReadOnlyMemory<byte>>(offsets.Length);
        long stored = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            if (offsets[i] + (long)lengths[i] > content.Length)
                throw SliceRejectedException.Truncated("the TIFF refers to image data beyond its end");
            segments.Add(content.Slice((int)offsets[i], (int)lengths[i]));
            stored += lengths[i];
        }
        if (stored * MaxRatio < (long)format.Width * format.Height * format.PixelBytes)
            throw SliceRejectedException.Corrupt("the TIFF declares far more pixels than its data can hold");
        return segments;
    }

    private static void UndoDifferences(Span<byte> row, TiffFormat format)
    {
        if (format.Bits == 8)
        {
            for (int i = format.Channels; i < row.Length; i++)
                row[i] += row[i - format.Channels];
            return;
        }
        for (int i = format.PixelBytes; i < row.Length; i += 2)
        {
            Span<byte> here = row.Slice(i, 2), before = row.Slice(i - format.PixelBytes, 2);
            if (format.BigEndian)
                BinaryPrimitives.WriteUInt16BigEndian(here, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(here) + BinaryPrimitives.ReadUInt16BigEndian(before)));
            else
                BinaryPrimitives.WriteUInt16LittleEndian(here, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(here) + BinaryPrimitives.ReadUInt16LittleEndian(before)));
        }
    }
}

/// <summary>Turns rows of samples of one TIFF into 8-bit grey.</summary>
internal sealed class TiffGrey
{
    private readonly TiffFormat _format;
    private readonly byte[]? _greyOfIndex;

    public TiffGrey(TiffFormat format, TiffDirectory directory)
    {
        _format = format;
        if (format.Photometric != 3)
            return;
        uint[] map = directory.Values(TiffTag.ColorMap);
        if (map.Length != 3 * 256)
            throw SliceRejectedException.Corrupt("the TIFF's palette is not in order");
        _greyOfIndex = new byte[256];
        for (int i = 0; i < 256; i++)
            _greyOfIndex[i] = GreyConversion.FromRgb8((int)(map[i] >> 8) & 255, (int)(map[256 + i] >> 8) & 255, (int)(map[512 + i] >> 8) & 255);
    }

    public void Row(ReadOnlySpan<byte> row, Span<byte> grey)
    {
        GreyConversion.Row(row, _format.Layout, grey);
        if (_greyOfIndex is not null)
        {
            for (int x = 0; x < grey.Length; x++)
                grey[x] = _greyOfIndex[grey[x]];
        }
        else if (_format.Photometric == 0)
        {
            for (int x = 0; x < grey.Length; x++)
                grey[x] = (byte)~grey[x];
        }
    }
}
