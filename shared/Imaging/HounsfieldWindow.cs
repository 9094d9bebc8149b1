using CtSeg.Contracts;

namespace CtSeg.Imaging;

/// <summary>Hounsfield units as grey: linear from black to white, beyond them cut off.</summary>
/// <param name="Black">HU that become 0.</param>
/// <param name="White">HU that become 255; above <paramref name="Black"/>.</param>
public sealed record HounsfieldWindow(double Black, double White)
{
    /// <value>The window of the pictures that the shipped model learnt from.</value>
    public static HounsfieldWindow Training { get; } = new(-1150, 130);

    /// <returns>Rounded to the nearest, halves up.</returns>
    public byte ToGrey(double hu) => (byte)Math.Floor(Math.Clamp((hu - Black) * 255 / (White - Black), 0, 255) + 0.5);

    /// <param name="hu">[height, width], row by row.</param>
    /// <exception cref="SliceRejectedException">A value is no finite number.</exception>
    public GreyImage ToGrey(int width, int height, ReadOnlySpan<double> hu)
    {
        var grey = new byte[hu.Length];
        for (int i = 0; i < hu.Length; i++)
        {
            if (!double.IsFinite(hu[i]))
                throw new SliceRejectedException(
                    FailureReason.Corrupt, $"The slice holds {hu[i]} at column {i % width + 1} of row {i / width + 1}, which is no Hounsfield value.", "Replace such values, by -1024 (air) for example.");
            grey[i] = ToGrey(hu[i]);
        }
        return new GreyImage(width, height, grey);
    }
}
