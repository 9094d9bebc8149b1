using System.Runtime.InteropServices;

namespace CtSeg.Imaging;

/// <summary>
/// How samples become 8-bit grey: colour by the ITU-R BT.601 weights in OpenCV's fixed-point arithmetic (the paper
/// converts with OpenCV), 16 bit by the full scale of the format, <c>round(value * 255 / 65535)</c>.
/// </summary>
public static class GreyConversion
{
    /// <value>For manifests.</value>
    public const string Description = "BT.601 luma as OpenCV, alpha ignored; 16 bit to 8 bit by full scale, round(value * 255 / 65535)";

    // OpenCV's color_rgb: 0.299, 0.587, 0.114 at 15 bits for bytes, at 14 bits for 16-bit samples.
    private const int Red15 = 9798, Green15 = 19235, Blue15 = 3735;
    private const int Red14 = 4899, Green14 = 9617, Blue14 = 1868;

    public static byte FromRgb8(int red, int green, int blue) =>
        (byte)((red * Red15 + green * Green15 + blue * Blue15 + (1 << 14)) >> 15);

    /// <returns>16-bit grey.</returns>
    public static ushort FromRgb16(int red, int green, int blue) =>
        (ushort)((red * Red14 + green * Green14 + blue * Blue14 + (1 << 13)) >> 14);

    public static byte From16(int value) => (byte)((value + 128) / 257);

    /// <summary>Grey of one row of samples.</summary>
    /// <param name="samples">Samples of the row, interleaved, bytes or pairs of bytes.</param>
    /// <param name="layout">What the samples are.</param>
    /// <param name="grey">One byte a pixel; its length is the number of pixels.</param>
    internal static void Row(ReadOnlySpan<byte> samples, SampleLayout layout, Span<byte> grey)
    {
        if (layout is { Bits: 8, Channels: 1 })
        {
            samples[..grey.Length].CopyTo(grey);
            return;
        }
        int step = layout.Channels * layout.Bits / 8;
        int at = 0;
        if (layout.Bits == 8)
        {
            for (int x = 0; x < grey.Length; x++, at += step)
                grey[x] = layout.IsColour ? FromRgb8(samples[at], samples[at + 1], samples[at + 2]) : samples[at];
            return;
        }
        int high = layout.BigEndian ? 0 : 1, low = 1 - high;
        int At(ReadOnlySpan<byte> row, int i) => (row[i + high] << 8) | row[i + low];
        for (int x = 0; x < grey.Length; x++, at += step)
        {
            int value = layout.IsColour
                ? FromRgb16(At(samples, at), At(samples, at + 2), At(samples, at + 4))
                : At(samples, at);
            grey[x] = From16(value);
        }
    }
}

/// <param name="Bits">8 or 16 a sample.</param>
/// <param name="Channels">Interleaved samples a pixel, extra ones (alpha) last.</param>
/// <param name="IsColour">The first three samples are red, green, blue; else the first is grey.</param>
/// <param name="BigEndian">Of 16-bit samples.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SampleLayout(int Bits, int Channels, bool IsColour, bool BigEndian);
