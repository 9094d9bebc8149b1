namespace CtSeg.Imaging;

/// <summary>A grey picture: one byte a pixel, row by row from the top left, 0 black to 255 white.</summary>
public sealed record GreyImage
{
    /// <exception cref="ArgumentException">The number of pixels is not width x height.</exception>
    public GreyImage(int width, int height, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.LongLength != (long)width * height)
            throw new ArgumentException($"{pixels.LongLength} pixels do not fill {width} x {height}.", nameof(pixels));
        (Width, Height, Pixels) = (width, height, pixels);
    }

    public int Width { get; }
    public int Height { get; }
    public byte[] Pixels { get; }

    /// <returns>Black all over.</returns>
    public static GreyImage Blank(int width, int height) => new(width, height, new byte[width * height]);
}
