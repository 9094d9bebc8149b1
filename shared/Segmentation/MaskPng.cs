using CtSeg.Imaging;
using CtSeg.Imaging.Png;

namespace CtSeg.Segmentation;

/// <summary>
/// Masks as PNG: 8-bit palette images whose indices are the class numbers, background transparent. Programs read the
/// numbers, viewers show the colours.
/// </summary>
public static class MaskPng
{
    /// <exception cref="ArgumentException">A label is above 3.</exception>
    public static byte[] Write(LesionMask mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        if (mask.Labels.AsSpan().ContainsAnyExceptInRange((byte)0, (byte)(LesionMask.ClassCount - 1)))
            throw new ArgumentException("The mask holds a value that is no class.", nameof(mask));
        return PngWriter.Palette(mask.Width, mask.Height, mask.Labels, LesionClasses.Palette, [0, 255, 255, 255]);
    }

    /// <summary>Reads a palette or grey PNG whose values are class numbers.</summary>
    /// <param name="expected">The size that the mask must have; null where any will do.</param>
    /// <exception cref="SliceRejectedException">Not such a PNG, another size, or a value above 3.</exception>
    public static LesionMask Read(ReadOnlyMemory<byte> png, (int Width, int Height)? expected = null, ImageLimits? limits = null)
    {
        if (png.IsEmpty)
            throw SliceRejectedException.Empty();
        var (file, labels) = PngReader.DecodeRaw(png, limits ?? ImageLimits.Default);
        if (expected is { } size && size != (file.Width, file.Height))
            throw SliceRejectedException.Corrupt($"the mask is {file.Width} x {file.Height}, its slice {size.Width} x {size.Height}");
        int other = labels.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)(LesionMask.ClassCount - 1));
        if (other >= 0)
            throw SliceRejectedException.Corrupt($"the mask holds the value {labels[other]}, but classes go from 0 to {LesionMask.ClassCount - 1}");
        return new LesionMask(file.Width, file.Height, labels);
    }
}
