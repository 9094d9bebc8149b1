namespace CtSeg.Imaging;

/// <summary>Brings pictures upright that are stored turned or upside down.</summary>
/// <param name="Degrees">Clockwise: 0, 90, 180 or 270.</param>
/// <param name="Flip">Upside down first.</param>
public sealed record PictureTurn(int Degrees, bool Flip)
{
    public static IReadOnlyList<int> Angles { get; } = [0, 90, 180, 270];

    /// <param name="pixels">[height, width], row by row.</param>
    /// <returns>The same pixels, with width and height exchanged where it turns by a quarter.</returns>
    /// <exception cref="InvalidOperationException">The degrees are no quarters.</exception>
    public (int Width, int Height, T[] Pixels) Apply<T>(int width, int height, ReadOnlySpan<T> pixels)
    {
        if (!Angles.Contains(Degrees))
            throw new InvalidOperationException($"Pictures cannot be turned by {Degrees} degrees.");
        bool quarter = Degrees is 90 or 270;
        int newWidth = quarter ? height : width, newHeight = quarter ? width : height;
        var turned = new T[pixels.Length];
        for (int y = 0, to = 0; y < newHeight; y++)
        {
            for (int x = 0; x < newWidth; x++, to++)
            {
                var (fromX, fromY) = Degrees switch
                {
                    0 => (x, y),
                    90 => (y, height - 1 - x),
                    180 => (width - 1 - x, height - 1 - y),
                    _ => (width - 1 - y, x),
                };
                turned[to] = pixels[(Flip ? height - 1 - fromY : fromY) * width + fromX];
            }
        }
        return (newWidth, newHeight, turned);
    }
}
