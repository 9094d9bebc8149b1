using CtSeg.Imaging;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Reports;

/// <summary>A mask to lay over its slice: lesions tinted, their border solid, the rest transparent. A few kilobytes, where a coloured picture has hundreds.</summary>
internal static class ReportMask
{
    private const byte Tint = 95;

    /// <returns>Palette PNG, size of the mask: entries 1 to 3 are the inside of the classes, 4 to 6 their border.</returns>
    public static byte[] Png(LesionMask mask)
    {
        var classes = LesionClasses.Palette;
        return PngWriter.Palette(mask.Width, mask.Height, Indices(mask), [.. classes, .. classes[3..]], [0, Tint, Tint, Tint, 255, 255, 255]);
    }

    /// <returns>The palette entry of each pixel.</returns>
    public static byte[] Indices(LesionMask mask)
    {
        var indices = new byte[mask.Labels.Length];
        var thickness = Math.Max(1, Math.Min(mask.Width, mask.Height) / 200);
        for (var at = 0; at < indices.Length; at++)
        {
            if (mask.Labels[at] is var label and > 0)
                indices[at] = (byte)(IsBorder(mask, at % mask.Width, at / mask.Width, thickness) ? label + 3 : label);
        }
        return indices;
    }

    private static bool IsBorder(LesionMask mask, int x, int y, int thickness)
    {
        var label = mask.Labels[y * mask.Width + x];
        for (var distance = 1; distance <= thickness; distance++)
        {
            if (Differs(x - distance, y) || Differs(x + distance, y) || Differs(x, y - distance) || Differs(x, y + distance))
                return true;
        }
        return false;

        bool Differs(int otherX, int otherY) =>
            otherX >= 0 && otherX < mask.Width && otherY >= 0 && otherY < mask.Height && mask.Labels[otherY * mask.Width + otherX] != label;
    }
}
