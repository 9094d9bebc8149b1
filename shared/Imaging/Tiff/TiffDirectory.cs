using System.Buffers.Binary;

namespace CtSeg.Imaging.Tiff;

/// <summary>The tags that matter here (TIFF 6.0, sections 8, 14 and 15).</summary>
internal enum TiffTag : ushort
{
    NewSubfileType = 254,
    ImageWidth = 256,
    ImageLength = 257,
    BitsPerSample = 258,
    Compression = 259,
    Photometric = 262,
    FillOrder = 266,
    StripOffsets = 273,
    SamplesPerPixel = 277,
    RowsPerStrip = 278,
    StripByteCounts = 279,
    PlanarConfiguration = 284,
    Predictor = 317,
    ColorMap = 320,
    TileWidth = 322,
    TileLength = 323,
    TileOffsets = 324,
    TileByteCounts = 325,
    SampleFormat = 339,
}

/// <summary>One directory of a TIFF file. Values are read from the file on demand, each access checked.</summary>
internal sealed class TiffDirectory
{
    private readonly ReadOnlyMemory<byte> _file;
    private readonly Dictionary<TiffTag, int> _entries = [];

    private TiffDirectory(ReadOnlyMemory<byte> file, bool bigEndian) => (_file, BigEndian) = (file, bigEndian);

    public bool BigEndian { get; }

    /// <summary>The directories of a file, in order.</summary>
    /// <exception cref="SliceRejectedException"/>
    public static IReadOnlyList<TiffDirectory> ReadAll(ReadOnlyMemory<byte> file, ImageLimits limits)
    {
        bool bigEndian = file.Span[0] == 'M';
        var directories = new List<TiffDirectory>();
        var seen = new HashSet<uint>();
        if (file.Length < 8)
            throw SliceRejectedException.Truncated("the TIFF ends within its header");
        uint offset = UInt32(file.Span[4..], bigEndian);
        while (offset != 0)
        {
            if (!seen.Add(offset))
                throw SliceRejectedException.Corrupt("the directories of the TIFF go round in a circle");
            if (directories.Count == limits.MaxNestedItems)
                throw SliceRejectedException.TooLarge($"the TIFF holds more than {limits.MaxNestedItems} images");
            var directory = new TiffDirectory(file, bigEndian);
            offset = directory.Read(offset);
            directories.Add(directory);
        }
        if (directories.Count == 0)
            throw SliceRejectedException.Corrupt("the TIFF holds no image");
        return directories;
    }

    /// <returns>Offset of the next directory, 0 at the end.</returns>
    private uint Read(uint offset)
    {
        int count = UInt16(Slice(offset, 2), BigEndian);
        var entries = Slice(offset + 2L, 12L * count + 4);
        for (int i = 0; i < count; i++)
            _entries.TryAdd((TiffTag)UInt16(entries[(12 * i)..], BigEndian), (int)offset + 2 + 12 * i);
        return UInt32(entries[(12 * count)..], BigEndian);
    }

    public bool Has(TiffTag tag) => _entries.ContainsKey(tag);

    /// <summary>The single value, or the first one, of a tag.</summary>
    public uint Value(TiffTag tag, uint fallback) => Has(tag) ? Values(tag)[0] : fallback;

    /// <exception cref="SliceRejectedException">The tag is missing.</exception>
    public uint Value(TiffTag tag) => Values(tag)[0];

    /// <exception cref="SliceRejectedException">The tag is missing, empty, not of whole numbers, or outside the file.</exception>
    public uint[] Values(TiffTag tag)
    {
        if (!_entries.TryGetValue(tag, out int at))
            throw SliceRejectedException.Corrupt($"the TIFF lacks the tag {tag}");
        var entry = _file.Span.Slice(at, 12);
        int type = UInt16(entry[2..], BigEndian);
        uint count = UInt32(entry[4..], BigEndian);
        int size = type switch { 1 => 1, 3 => 2, 4 => 4, _ => throw SliceRejectedException.Corrupt($"the TIFF's tag {tag} is not a whole number") };
        if (count == 0)
            throw SliceRejectedException.Corrupt($"the TIFF's tag {tag} is empty");
        long bytes = size * (long)count;
        var body = bytes <= 4 ? entry.Slice(8, (int)bytes) : Slice(UInt32(entry[8..], BigEndian), bytes);
        var values = new uint[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = size switch
            {
                1 => body[i],
                2 => UInt16(body[(2 * i)..], BigEndian),
                _ => UInt32(body[(4 * i)..], BigEndian),
            };
        }
        return values;
    }

    private ReadOnlySpan<byte> Slice(long offset, long length)
    {
        if (offset + length > _file.Length)
            throw SliceRejectedException.Truncated("the TIFF refers to data beyond its end");
        return _file.Span.Slice((int)offset, (int)length);
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
