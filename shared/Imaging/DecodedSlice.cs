namespace CtSeg.Imaging;

/// <summary>An uploaded slice as grey, at its own size, and what it was in the file.</summary>
/// <param name="BitDepth">Bits a sample in the file.</param>
/// <param name="Channels">Samples a pixel in the file: 1 grey or palette, 2 grey and alpha, 3 RGB, 4 RGBA or CMYK.</param>
public sealed record DecodedSlice(GreyImage Grey, ImageKind Kind, int BitDepth, int Channels);

/// <summary>Reads uploaded slices of any supported kind.</summary>
/// <remarks>
/// Grey of colour: <see cref="GreyConversion"/>. Alpha and PNG transparency are ignored, as OpenCV ignores them: a CT
/// export is opaque, and compositing would turn stored tissue black. Gamma, colour profiles, physical resolution and
/// EXIF orientation are ignored too: a slice is an export of stored values, not a camera picture.
/// </remarks>
public static class SliceDecoder
{
    /// <param name="content">The file.</param>
    /// <param name="limits">Null for <see cref="ImageLimits.Default"/>.</param>
    /// <exception cref="SliceRejectedException">The file cannot be used; the only exception of bad content.</exception>
    public static DecodedSlice Decode(ReadOnlyMemory<byte> content, ImageLimits? limits = null)
    {
        limits ??= ImageLimits.Default;
        return ImageKinds.Detect(content.Span) switch
        {
            ImageKind.Png => Png.PngReader.Decode(content, limits),
            ImageKind.Jpeg => Jpeg.JpegReader.Decode(content, limits),
            _ => Tiff.TiffReader.Decode(content, limits),
        };
    }
}
