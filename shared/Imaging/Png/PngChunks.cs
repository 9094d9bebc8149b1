using System.Buffers.Binary;

namespace CtSeg.Imaging.Png;

/// <summary>Chunk types and limits of PNG (ISO/IEC 15948, sections 5 and 11).</summary>
internal static class PngChunks
{
    public const uint Header = 0x49484452;
    public const uint Palette = 0x504C5445;
    public const uint Transparency = 0x74524E53;
    public const uint Data = 0x49444154;
    public const uint End = 0x49454E44;

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>A chunk whose type begins with a capital must be understood by every reader.</summary>
    public static bool IsCritical(uint type) => (type & 0x20000000) == 0;
}

/// <summary>CRC-32 of PNG (polynomial 0xEDB88320), eight bytes a step.</summary>
internal static class PngCrc
{
    private static readonly uint[] Table = MakeTable();

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        var table = Table;
        while (bytes.Length >= 8)
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = table[0x700 + (low & 0xFF)] ^ table[0x600 + ((low >> 8) & 0xFF)] ^ table[0x500 + ((low >> 16) & 0xFF)] ^ table[0x400 + (low >> 24)]
                ^ table[0x300 + (high & 0xFF)] ^ table[0x200 + ((high >> 8) & 0xFF)] ^ table[0x100 + ((high >> 16) & 0xFF)] ^ table[high >> 24];
            bytes = bytes[8..];
        }
        foreach (byte b in bytes)
            crc = table[(crc ^ b) & 0xFF] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[8 * 256];
        for (uint n = 0; n < 256; n++)
        {
            uint c = n;
            for (int k = 0; k < 8; k++)
                c = (c & 1) != 0 ? 0xEDB88320 ^ (c >> 1) : c >> 1;
            table[n] = c;
        }
        for (int slice = 1; slice < 8; slice++)
        {
            for (int n = 0; n < 256; n++)
            {
                uint before = table[(slice - 1) * 256 + n];
                table[slice * 256 + n] = table[before & 0xFF] ^ (before >> 8);
            }
        }
        return table;
    }
}
