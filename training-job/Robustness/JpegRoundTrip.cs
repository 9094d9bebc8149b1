using System.Runtime.InteropServices;
using CtSeg.Imaging;
using SkiaSharp;

namespace CtSeg.TrainingJob.Robustness;

/// <summary>What a slice looks like after it was stored as a JPEG file, read by the decoder of the uploads.</summary>
internal static class JpegRoundTrip
{
    /// <param name="quality">0 to 100, libjpeg's scale.</param>
    public static GreyImage Apply(GreyImage slice, int quality)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(slice.Width, slice.Height, SKColorType.Gray8, SKAlphaType.Opaque));
        for (var row = 0; row < slice.Height; row++)
            Marshal.Copy(slice.Pixels, row * slice.Width, bitmap.GetPixels() + (row * bitmap.RowBytes), slice.Width);
        using var file = bitmap.Encode(SKEncodedImageFormat.Jpeg, quality);
        return SliceDecoder.Decode(file.ToArray()).Grey;
    }
}
