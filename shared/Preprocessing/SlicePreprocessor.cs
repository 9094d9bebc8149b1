using CtSeg.Contracts;
using CtSeg.Imaging;

namespace CtSeg.Preprocessing;

/// <summary>What the model gets of an upload, and how it was made.</summary>
/// <param name="Image">[369, 369] grey.</param>
/// <param name="Original">The upload as decoded; masks are made at its size.</param>
public sealed record PreprocessedSlice(GreyImage Image, SourceImage Original, PreprocessingSteps Steps);

/// <summary>
/// Upload to input of the model: decoded, grey, 369 x 369 by area interpolation (arXiv:2004.05645, section IV: resized
/// with OpenCV, grey). Slices that are not square are squeezed to square, as the paper's are.
/// </summary>
public static class SlicePreprocessor
{
    /// <value>Side of the model's input, pixels.</value>
    public const int Side = 369;

    /// <param name="content">The uploaded file.</param>
    /// <param name="limits">Null for <see cref="ImageLimits.Default"/>.</param>
    /// <exception cref="SliceRejectedException">The file cannot be used.</exception>
    public static PreprocessedSlice Process(ReadOnlyMemory<byte> content, ImageLimits? limits = null)
    {
        var slice = SliceDecoder.Decode(content, limits);
        return new PreprocessedSlice(
            Resize(slice.Grey),
            new SourceImage(ImageKinds.NameOf(slice.Kind), slice.Grey.Width, slice.Grey.Height, slice.BitDepth, slice.Channels),
            new PreprocessingSteps(GreyConversion.Description, AreaResize.Description, Side, Side));
    }

    public static GreyImage Resize(GreyImage slice) => AreaResize.Resize(slice, Side, Side);

    /// <summary>A preprocessed image as it is stored.</summary>
    public static byte[] ToPng(GreyImage image) => PngWriter.Grey(image);

    /// <summary>Reads a stored preprocessed image back.</summary>
    /// <exception cref="SliceRejectedException">Not an 8-bit grey PNG of 369 x 369.</exception>
    public static GreyImage FromPng(ReadOnlyMemory<byte> png)
    {
        var (file, samples) = Imaging.Png.PngReader.DecodeRaw(png, ImageLimits.Default with { MaxPixels = Side * Side });
        if (file.ColourType != 0 || file.Width != Side || file.Height != Side)
            throw SliceRejectedException.Corrupt($"the preprocessed image is {file.Width} x {file.Height}, not {Side} x {Side} grey");
        return new GreyImage(Side, Side, samples);
    }
}
