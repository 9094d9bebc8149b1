using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Imaging.Png;
using CtSeg.Segmentation;

namespace CtSeg.Corrections;

/// <summary>
/// Reads what somebody drew as the truth of a slice: a PNG with one byte a pixel. This is the one door for labels; another format of them is one more
/// way through it.
/// </summary>
internal static class CorrectedLabels
{
    private const int RgbLength = 3;

    /// <param name="width">Of the slice, pixels.</param>
    /// <param name="height">Of the slice, pixels.</param>
    /// <exception cref="CorrectionRefusedException">Not such a file, another size, or a value that is no class.</exception>
    public static LesionMask Read(ReadOnlyMemory<byte> content, int width, int height, ImageLimits limits)
    {
        if (content.IsEmpty)
            throw new CorrectionRefusedException(CorrectionRefusals.Empty);
        try
        {
            var file = PngFile.Parse(content, limits);
            if (KindOf(file) is { } kind)
                throw new CorrectionRefusedException(CorrectionRefusals.OtherKind(kind));
            if ((file.Width, file.Height) != (width, height))
                throw new CorrectionRefusedException(CorrectionRefusals.WrongSize(file.Width, file.Height, width, height));
            var (_, labels) = PngReader.DecodeRaw(content, limits);
            CheckValues(labels, file.Palette.Span);
            return new LesionMask(width, height, labels);
        }
        catch (SliceRejectedException e)
        {
            throw new CorrectionRefusedException(
                e.Reason == FailureReason.TooLarge ? CorrectionRefusals.TooManyPixels(e.Message) : CorrectionRefusals.Unreadable(e.Message), e);
        }
    }

    /// <returns>Null for a PNG whose bytes are class numbers.</returns>
    private static string? KindOf(PngFile file) => (file.ColourType, file.BitDepth) switch
    {
        (0 or 3, 8) => null,
        (0, var bits) => $"grey values with {bits} bits",
        (3, var bits) => $"palette colours with {bits} bits",
        (4, _) => "grey values with transparency",
        _ => "RGB colours",
    };

    private static void CheckValues(byte[] labels, ReadOnlySpan<byte> palette)
    {
        var other = labels.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)(LesionMask.ClassCount - 1));
        if (other >= 0)
            throw new CorrectionRefusedException(CorrectionRefusals.NoClass(labels[other]));
        for (var value = 0; value < LesionMask.ClassCount && RgbLength * value < palette.Length; value++)
        {
            // Programs that make palettes smaller renumber them: what was drawn as one class would become another.
            if (ClassOf(palette.Slice(RgbLength * value, RgbLength)) is { } colour && (int)colour != value && labels.AsSpan().Contains((byte)value))
                throw new CorrectionRefusedException(CorrectionRefusals.ForeignColour((LesionClass)value, colour));
        }
    }

    /// <returns>The lesion that is shown in this colour; black is the background of any palette and tells nothing.</returns>
    private static LesionClass? ClassOf(ReadOnlySpan<byte> rgb)
    {
        for (var value = 1; value < LesionMask.ClassCount; value++)
            if (rgb.SequenceEqual(LesionClasses.Palette.Slice(RgbLength * value, RgbLength)))
                return (LesionClass)value;
        return null;
    }
}
