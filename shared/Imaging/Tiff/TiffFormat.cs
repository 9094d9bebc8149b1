namespace CtSeg.Imaging.Tiff;

internal enum TiffCompression
{
    None = 1,
    Lzw = 5,
    Deflate = 8,
    PackBits = 32773,
    OldDeflate = 32946,
}

/// <summary>How the pixels of one TIFF image are stored, checked against the caps.</summary>
/// <param name="TileWidth">Width of a strip or tile; strips are as wide as the image.</param>
/// <param name="TileHeight">Rows of a strip or tile.</param>
/// <param name="Photometric">0 white is zero, 1 black is zero, 2 RGB, 3 palette.</param>
internal sealed record TiffFormat(
    int Width, int Height, int Bits, int Channels, uint Photometric, TiffCompression Compression, bool Predicted,
    bool Tiled, int TileWidth, int TileHeight, bool BigEndian)
{
    public int TilesAcross => (Width + TileWidth - 1) / TileWidth;
    public int TilesDown => (Height + TileHeight - 1) / TileHeight;
    public int PixelBytes => Channels * Bits / 8;
    public int TileRowBytes => TileWidth * PixelBytes;
    public SampleLayout Layout => new(Bits, Channels, Photometric == 2, BigEndian);

    /// <summary>Rows that tile row <paramref name="down"/> stores: the last strip is short, tiles are padded.</summary>
    public int RowsStored(int down) => Tiled ? TileHeight : Math.Min(TileHeight, Height - down * TileHeight);

    /// <exception cref="SliceRejectedException">A kind of TIFF that is not read, or above a cap.</exception>
    public static TiffFormat Of(TiffDirectory directory, ImageLimits limits)
    {
        uint width = directory.Value(TiffTag.ImageWidth), height = directory.Value(TiffTag.ImageLength);
        uint channels = directory.Value(TiffTag.SamplesPerPixel, 1);
        uint photometric = directory.Value(TiffTag.Photometric);
        uint bits = SampleBits(directory);
        if (channels is 0 or > 16)
            throw SliceRejectedException.Unsupported($"it is a TIFF with {channels} channels");
        limits.Check(width, height, (int)(channels * bits / 8));
        CheckKind(directory, photometric, bits, channels);
        bool tiled = directory.Has(TiffTag.TileWidth);
        uint tileWidth = tiled ? directory.Value(TiffTag.TileWidth) : width;
        uint tileHeight = tiled ? directory.Value(TiffTag.TileLength) : Math.Min(directory.Value(TiffTag.RowsPerStrip, height), height);
        if (tileWidth == 0 || tileHeight == 0)
            throw SliceRejectedException.Corrupt("the TIFF declares strips or tiles without pixels");
        // Padding counts: otherwise a small image of huge tiles would cost what a huge image costs.
        limits.Check(
            (width + (long)tileWidth - 1) / tileWidth * tileWidth, (height + (long)tileHeight - 1) / tileHeight * tileHeight,
            (int)(channels * bits / 8));
        return new TiffFormat(
            (int)width, (int)height, (int)bits, (int)channels, photometric, CompressionOf(directory), IsPredicted(directory),
            tiled, (int)tileWidth, (int)tileHeight, directory.BigEndian);
    }

    private static uint SampleBits(TiffDirectory directory)
    {
        uint[] bits = directory.Has(TiffTag.BitsPerSample) ? directory.Values(TiffTag.BitsPerSample) : [1];
        if (bits[0] is not (8 or 16) || bits.AsSpan().ContainsAnyExcept(bits[0]))
            throw SliceRejectedException.Unsupported($"it is a TIFF of {bits[0]} bits a sample, not 8 or 16");
        return bits[0];
    }

    private static void CheckKind(TiffDirectory directory, uint photometric, uint bits, uint channels)
    {
        if (photometric > 3 || (photometric == 3 && bits != 8))
            throw SliceRejectedException.Unsupported("it is a TIFF of a rare colour model, not grey, RGB or palette");
        if (photometric == 2 && channels < 3)
            throw SliceRejectedException.Corrupt("the TIFF declares RGB with fewer than three channels");
        if (directory.Has(TiffTag.SampleFormat) && directory.Values(TiffTag.SampleFormat).AsSpan().ContainsAnyExcept(1u))
            throw SliceRejectedException.Unsupported("it is a TIFF of signed or floating-point samples; their grey scale is unknown");
        if (channels > 1 && directory.Value(TiffTag.PlanarConfiguration, 1) != 1)
            throw SliceRejectedException.Unsupported("it is a TIFF with each colour stored apart");
        if (directory.Value(TiffTag.FillOrder, 1) != 1)
            throw SliceRejectedException.Unsupported("it is a TIFF with reversed bits");
    }

    private static TiffCompression CompressionOf(TiffDirectory directory)
    {
        uint compression = directory.Value(TiffTag.Compression, 1);
        return (TiffCompression)compression is var known && Enum.IsDefined(known)
            ? known
            : throw SliceRejectedException.Unsupported($"it is a TIFF with compression {compression}, not none, LZW, deflate or PackBits");
    }

    private static bool IsPredicted(TiffDirectory directory) => directory.Value(TiffTag.Predictor, 1) switch
    {
        1 => false,
        2 => true,
        var other => throw SliceRejectedException.Unsupported($"it is a TIFF with predictor {other}"),
    };
}
