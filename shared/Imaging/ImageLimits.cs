namespace CtSeg.Imaging;

/// <summary>Caps that are checked against what a file declares, before memory is taken for it.</summary>
public sealed record ImageLimits
{
    public static ImageLimits Default { get; } = new();

    /// <value>Width x height; 64,000,000 unless set.</value>
    public long MaxPixels { get; init; } = 64_000_000;

    /// <value>Bytes of all decoded samples, and of what a decoder keeps beside them; 512 MiB unless set.</value>
    public long MaxDecodedBytes { get; init; } = 512L * 1024 * 1024;

    /// <value>Items inside one file that cost work each: TIFF directories, JPEG scans; 256 unless set.</value>
    public int MaxNestedItems { get; init; } = 256;

    /// <summary>Rejects what is above a cap.</summary>
    /// <param name="width">Pixels, as the file declares.</param>
    /// <param name="height">Pixels, as the file declares.</param>
    /// <param name="bytesPerPixel">Of the decoded samples together.</param>
    /// <exception cref="SliceRejectedException">A cap is exceeded, or a side is zero.</exception>
    internal void Check(long width, long height, int bytesPerPixel)
    {
        if (width <= 0 || height <= 0)
            throw SliceRejectedException.Corrupt($"it declares an image of {width} x {height} pixels");
        if (width > MaxPixels || height > MaxPixels || width * height > MaxPixels)
            throw SliceRejectedException.TooLarge($"it declares {width} x {height} pixels, more than the {MaxPixels} that are allowed");
        if (width * height > MaxDecodedBytes / bytesPerPixel)
            throw SliceRejectedException.TooLarge($"its image needs {width * height * bytesPerPixel} bytes decoded, more than the {MaxDecodedBytes} that are allowed");
    }
}
