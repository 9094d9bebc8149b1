using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Segmentation;

namespace CtSeg.DataSets;

/// <summary>A mask may have another size than its image, but must show the same field: one of another shape would be stretched over the slice.</summary>
public static class MaskShape
{
    public static bool Fits(SourceImage image, LesionMask mask)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(mask);
        // Sizes are whole: a side may lie up to a pixel beside the exact one.
        return Math.Abs(((double)image.Width * mask.Height / image.Height) - mask.Width) < 1;
    }

    /// <exception cref="SliceRejectedException">Its sides are not in proportion to those of the image.</exception>
    public static void RequireSame(SourceImage image, LesionMask mask)
    {
        if (!Fits(image, mask))
            throw new SliceRejectedException(
                FailureReason.Corrupt,
                $"The mask has {mask.Width} x {mask.Height} pixels, its image {image.Width} x {image.Height}: sides that are not in proportion do not show the same field.",
                "Give the mask of this image.");
    }
}
