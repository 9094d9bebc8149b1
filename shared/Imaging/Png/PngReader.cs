using System.IO.Compression;

namespace CtSeg.Imaging.Png;

/// <summary>Reads every kind of PNG exactly: all colour types and bit depths, interlaced or not.</summary>
/// <remarks>Own, because no managed library at hand keeps 16-bit samples. Works row by row: a colour image is never held whole.</remarks>
internal static class PngReader
{
    // Deflate cannot expand more than this, so a header that promises more is refused before memory is taken.
    private const int MaxDeflateRatio = 1032;

    private static readonly (int X, int Y, int StepX, int StepY)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <exception cref="SliceRejectedException"/>
    public static DecodedSlice Decode(ReadOnlyMemory<byte> content, ImageLimits limits)
    {
        var file = PngFile.Parse(content, limits);
        var toGrey = new PngGrey(file);
        var grey = Read(file, (row, pixels) => toGrey.Row(row, pixels));
        return new DecodedSlice(new GreyImage(file.Width, file.Height, grey), ImageKind.Png, file.BitDepth, file.Channels);
    }

    /// <summary>Palette indices of an 8-bit palette image, or samples of an 8-bit grey one, one byte a pixel.</summary>
    /// <exception cref="SliceRejectedException">Bad content, or another kind of PNG.</exception>
    public static (PngFile File, byte[] Samples) DecodeRaw(ReadOnlyMemory<byte> content, ImageLimits limits)
    {
        var file = PngFile.Parse(content, limits);
        if (file.BitDepth != 8 || file.Channels != 1)
            throw SliceRejectedException.Unsupported("it is not a PNG with one byte a pixel");
        return (file, Read(file, (row, pixels) => row[..pixels.Length].CopyTo(pixels)));
    }

    private delegate void RowReader(ReadOnlySpan<byte> row, Span<byte> pixels);

    private static byte[] Read(PngFile file, RowReader toPixels)
    {
        CheckExpansion(file);
        try
        {
            using var zlib = new ZLibStream(new SegmentStream(file.Data), CompressionMode.Decompress);
            var pixels = new byte[file.Width * file.Height];
            if (file.Interlaced)
                ReadInterlaced(file, zlib, toPixels, pixels);
            else
                ReadRows(file, zlib, file.Width, file.Height, (row, y) => toPixels(row, pixels.AsSpan(y * file.Width, file.Width)));
            if (zlib.ReadByte() >= 0)
                throw SliceRejectedException.Corrupt("the PNG holds more data than its size allows");
            return pixels;
        }
        // IOException is what a demand for a preset dictionary ends in; nothing here reads a device.
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw SliceRejectedException.Corrupt("the compressed data of the PNG is not valid", e);
        }
    }

    private static void CheckExpansion(PngFile file)
    {
        long compressed = 0;
        foreach (var segment in file.Data)
            compressed += segment.Length;
        // Interlaced rows are padded to bytes per pass; half the plain size is below any of them.
        long expected = (long)file.RowBytes(file.Width) * file.Height / 2;
        if (expected > (compressed + 64) * MaxDeflateRatio)
            throw SliceRejectedException.Corrupt("the PNG declares far more pixels than its data can hold");
    }

    private static void ReadInterlaced(PngFile file, ZLibStream zlib, RowReader toPixels, byte[] pixels)
    {
        var line = new byte[file.Width];
        foreach (var (x0, y0, stepX, stepY) in Passes)
        {
            int width = (file.Width - x0 + stepX - 1) / stepX, height = (file.Height - y0 + stepY - 1) / stepY;
            if (width <= 0 || height <= 0)
                continue;
            ReadRows(file, zlib, width, height, (row, y) =>
            {
                toPixels(row, line.AsSpan(0, width));
                int to = (y0 + y * stepY) * file.Width + x0;
                for (int x = 0; x < width; x++, to += stepX)
                    pixels[to] = line[x];
            });
        }
    }

    private delegate void RowSink(ReadOnlySpan<byte> row, int y);

    private static void ReadRows(PngFile file, ZLibStream zlib, int width, int height, RowSink sink)
    {
        int rowBytes = file.RowBytes(width), pixelBytes = Math.Max(1, file.Channels * file.BitDepth / 8);
        byte[] row = new byte[rowBytes + 1], above = new byte[rowBytes + 1];
        for (int y = 0; y < height; y++)
        {
            if (zlib.ReadAtLeast(row, row.Length, throwOnEndOfStream: false) < row.Length)
                throw SliceRejectedException.Corrupt("the PNG holds less data than its size needs");
            PngFilters.Undo(row[0], row.AsSpan(1), above.AsSpan(1), pixelBytes);
            sink(row.AsSpan(1), y);
            (row, above) = (above, row);
        }
    }
}
