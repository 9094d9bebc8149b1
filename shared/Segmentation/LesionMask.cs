namespace CtSeg.Segmentation;

/// <summary>One class number (0 to 3) a pixel, row by row from the top left, at the size of the uploaded slice.</summary>
public sealed record LesionMask
{
    public const int ClassCount = 4;

    /// <exception cref="ArgumentException">The number of labels is not width x height.</exception>
    public LesionMask(int width, int height, byte[] labels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.LongLength != (long)width * height)
            throw new ArgumentException($"{labels.LongLength} labels do not fill {width} x {height}.", nameof(labels));
        (Width, Height, Labels) = (width, height, labels);
    }

    public int Width { get; }
    public int Height { get; }
    public byte[] Labels { get; }
}
