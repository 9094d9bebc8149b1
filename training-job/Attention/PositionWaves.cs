using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention;

/// <summary>Where a token lies in the slice, as waves: sine and cosine of 1, 2, 4 and 8 half periods a side, along and across.</summary>
internal static class PositionWaves
{
    private const int Frequencies = 4;

    /// <value>Channels of <see cref="Of"/>.</value>
    public const int Count = 4 * Frequencies;

    /// <returns>[1, Count, height, width], channels-last strides.</returns>
    public static Tensor Of(int height, int width, Device device)
    {
        var values = new float[height * width * Count];
        for (var at = 0; at < height * width; at++)
        {
            var (y, x) = ((at / width + 0.5) / height, (at % width + 0.5) / width);
            for (var frequency = 0; frequency < Frequencies; frequency++)
            {
                var (angleY, angleX) = (Math.PI * y * (1 << frequency), Math.PI * x * (1 << frequency));
                var waves = (Span<float>)[(float)Math.Sin(angleY), (float)Math.Cos(angleY), (float)Math.Sin(angleX), (float)Math.Cos(angleX)];
                waves.CopyTo(values.AsSpan(at * Count + 4 * frequency));
            }
        }
        return tensor(values, [1, height, width, Count], device: device).permute(0, 3, 1, 2);
    }
}
