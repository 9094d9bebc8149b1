using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace CtSeg.Shared.Tests.Imaging;

/// <summary>PNG files by hand, whatever they declare.</summary>
internal static class PngFiles
{
    public static byte[] Make(int width, int height, byte bits, byte colour, byte[] data)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (bits, colour);
        return [0x89, .. "PNG\r\n"u8, 0x1A, 0x0A, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, data), .. Chunk("IEND"u8, [])];
    }

    public static byte[] Deflated(byte[] content)
    {
        using var to = new MemoryStream();
        using (var zlib = new ZLibStream(to, CompressionLevel.Optimal))
            zlib.Write(content);
        return to.ToArray();
    }

    /// <summary>Writes the checksum that fits into every chunk that lies within the file.</summary>
    public static void MendChecksums(byte[] png)
    {
        for (int at = 8; at + 12 <= png.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            if (length < 0 || length > png.Length - at - 12)
                return;
            BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(at + 8 + length), Crc32.HashToUInt32(png.AsSpan(at + 4, length + 4)));
            at += 12 + length;
        }
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] body)
    {
        var chunk = new byte[body.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(chunk, body.Length);
        type.CopyTo(chunk.AsSpan(4));
        body.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + body.Length), Crc32.HashToUInt32(chunk.AsSpan(4, body.Length + 4)));
        return chunk;
    }
}
