using System.Buffers.Binary;
using System.IO.Compression;
using CtSeg.Imaging.Png;

namespace CtSeg.Imaging;

/// <summary>An RGB picture: three bytes a pixel, row by row from the top left.</summary>
public sealed record RgbImage
{
    /// <exception cref="ArgumentException">The number of bytes is not 3 x width x height.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.LongLength != 3L * width * height)
            throw new ArgumentException($"{pixels.LongLength} bytes do not fill {width} x {height} RGB.", nameof(pixels));
        (Width, Height, Pixels) = (width, height, pixels);
    }

    public int Width { get; }
    public int Height { get; }
    public byte[] Pixels { get; }
}

/// <summary>Writes 8-bit PNG: grey, RGB, palette. Fast rather than small; the same pixels give the same bytes on one machine.</summary>
public static class PngWriter
{
    public static byte[] Grey(GreyImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Write(image.Width, image.Height, colourType: 0, channels: 1, image.Pixels, [], []);
    }

    public static byte[] Rgb(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Write(image.Width, image.Height, colourType: 2, channels: 3, image.Pixels, [], []);
    }

    /// <param name="indices">One byte a pixel, each below the number of palette entries.</param>
    /// <param name="palette">RGB triples, at most 256.</param>
    /// <param name="alpha">Opacity of the first entries; the rest is opaque.</param>
    public static byte[] Palette(int width, int height, ReadOnlySpan<byte> indices, ReadOnlySpan<byte> palette, ReadOnlySpan<byte> alpha)
    {
        if (indices.Length != (long)width * height)
            throw new ArgumentException($"{indices.Length} indices do not fill {width} x {height}.", nameof(indices));
        return Write(width, height, colourType: 3, channels: 1, indices, palette, alpha);
    }

    private static byte[] Write(
        int width, int height, byte colourType, int channels, ReadOnlySpan<byte> pixels, ReadOnlySpan<byte> palette, ReadOnlySpan<byte> alpha)
    {
        using var file = new MemoryStream(pixels.Length / 2 + 1024);
        file.Write(PngChunks.Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        (header[8], header[9], header[10], header[11], header[12]) = (8, colourType, 0, 0, 0);
        WriteChunk(file, PngChunks.Header, header);
        if (!palette.IsEmpty)
            WriteChunk(file, PngChunks.Palette, palette);
        if (!alpha.IsEmpty)
            WriteChunk(file, PngChunks.Transparency, alpha);
        WriteData(file, pixels, width * channels, channels, filtered: colourType != 3);
        WriteChunk(file, PngChunks.End, []);
        return file.ToArray();
    }

    private static void WriteData(MemoryStream file, ReadOnlySpan<byte> pixels, int rowBytes, int step, bool filtered)
    {
        using var compressed = new MemoryStream(pixels.Length / 2 + 1024);
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var row = new byte[rowBytes + 1];
            row[0] = (byte)(filtered ? 1 : 0);
            for (int at = 0; at < pixels.Length; at += rowBytes)
            {
                var line = pixels.Slice(at, rowBytes);
                line.CopyTo(row.AsSpan(1));
                for (int i = step; filtered && i < rowBytes; i++)
                    row[i + 1] = (byte)(line[i] - line[i - step]);
                zlib.Write(row);
            }
        }
        WriteChunk(file, PngChunks.Data, compressed.GetBuffer().AsSpan(0, (int)compressed.Length));
    }

    private static void WriteChunk(MemoryStream file, uint type, ReadOnlySpan<byte> body)
    {
        int start = (int)file.Length;
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, body.Length);
        file.Write(word);
        BinaryPrimitives.WriteUInt32BigEndian(word, type);
        file.Write(word);
        file.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(word, PngCrc.Of(file.GetBuffer().AsSpan(start + 4, body.Length + 4)));
        file.Write(word);
    }
}
