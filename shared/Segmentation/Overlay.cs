using CtSeg.Imaging;

namespace CtSeg.Segmentation;

/// <summary>Draws a mask over its slice: lesions tinted in the colours of their class, with a solid outline inside their border.</summary>
public static class Overlay
{
    // Of 256: strong enough to tell the classes apart, weak enough to see the texture below.
    private const int Tint = 110;

    /// <exception cref="ArgumentException">Slice and mask differ in size, or a label is above 3.</exception>
    public static RgbImage Draw(GreyImage slice, LesionMask mask)
    {
        ArgumentNullException.ThrowIfNull(slice);
        ArgumentNullException.ThrowIfNull(mask);
        if (slice.Width != mask.Width || slice.Height != mask.Height)
            throw new ArgumentException($"A mask of {mask.Width} x {mask.Height} does not fit a slice of {slice.Width} x {slice.Height}.", nameof(mask));
        if (3L * slice.Pixels.Length > Array.MaxLength)
            throw new ArgumentException("The slice is too large to be drawn.", nameof(slice));
        var rgb = new byte[3 * slice.Pixels.Length];
        var palette = LesionClasses.Palette;
        int width = slice.Width, thickness = Math.Max(1, Math.Min(slice.Width, slice.Height) / 256);
        for (int y = 0, i = 0; y < slice.Height; y++)
        {
            for (int x = 0; x < width; x++, i++)
            {
                byte grey = slice.Pixels[i];
                int label = mask.Labels[i], to = 3 * i;
                if (label == 0)
                {
                    rgb[to] = rgb[to + 1] = rgb[to + 2] = grey;
                    continue;
                }
                if (label >= LesionMask.ClassCount)
                    throw new ArgumentException($"The mask holds the value {label}, which is no class.", nameof(mask));
                int strength = IsBorder(mask, x, y, thickness) ? 256 : Tint;
                for (int c = 0; c < 3; c++)
                    rgb[to + c] = (byte)((grey * (256 - strength) + palette[3 * label + c] * strength + 128) >> 8);
            }
        }
        return new RgbImage(slice.Width, slice.Height, rgb);
    }

    private static bool IsBorder(LesionMask mask, int x, int y, int thickness)
    {
        var labels = mask.Labels;
        int at = y * mask.Width + x;
        byte label = labels[at];
        for (int d = 1; d <= thickness; d++)
        {
            if ((x >= d && labels[at - d] != label) || (x + d < mask.Width && labels[at + d] != label)
                || (y >= d && labels[at - d * mask.Width] != label) || (y + d < mask.Height && labels[at + d * mask.Width] != label))
                return true;
        }
        return false;
    }
}
