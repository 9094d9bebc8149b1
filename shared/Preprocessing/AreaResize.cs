using System.Numerics;
using System.Runtime.InteropServices;
using CtSeg.Imaging;

namespace CtSeg.Preprocessing;

/// <summary>
/// Area interpolation, bit for bit OpenCV's <c>resize(..., INTER_AREA)</c> for bytes: where neither side grows, every
/// pixel is the mean of the source area it covers (single-precision weights, half to even; 2 x 2 blocks half up); where
/// a side grows, OpenCV interpolates linearly between the two source pixels that a target pixel touches, in 11-bit
/// fixed point. The paper resizes with OpenCV, so equal pixels mean equal inputs to the model.
/// </summary>
public static class AreaResize
{
    /// <value>For manifests.</value>
    public const string Description = "area interpolation as OpenCV INTER_AREA";

    /// <exception cref="ArgumentOutOfRangeException">A side is not positive.</exception>
    public static GreyImage Resize(GreyImage source, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (source.Width == width && source.Height == height)
            return source;
        if (source.Width < width || source.Height < height)
            return FixedPointEnlargement.Resize(source, width, height);
        if (source.Width % width == 0 && source.Height % height == 0)
            return MeanOfBlocks(source, width, height);
        return WeightedMean(source, width, height);
    }

    private static GreyImage MeanOfBlocks(GreyImage source, int width, int height)
    {
        int blockWidth = source.Width / width, blockHeight = source.Height / height;
        var target = new byte[width * height];
        var sums = new long[width];
        float scale = 1f / ((long)blockWidth * blockHeight);
        bool halfUp = blockWidth == 2 && blockHeight == 2;
        for (int y = 0; y < height; y++)
        {
            Array.Clear(sums);
            for (int dy = 0; dy < blockHeight; dy++)
            {
                var row = source.Pixels.AsSpan((y * blockHeight + dy) * source.Width, source.Width);
                int at = 0;
                for (int x = 0; x < width; x++)
                {
                    long sum = 0;
                    for (int dx = 0; dx < blockWidth; dx++)
                        sum += row[at++];
                    sums[x] += sum;
                }
            }
            for (int x = 0; x < width; x++)
                target[y * width + x] = halfUp ? (byte)((sums[x] + 2) >> 2) : (byte)MathF.Round(sums[x] * scale);
        }
        return new GreyImage(width, height, target);
    }

    private static GreyImage WeightedMean(GreyImage source, int width, int height)
    {
        var columns = AreaWeights.For(source.Width, width);
        var rows = AreaWeights.For(source.Height, height);
        var target = new byte[width * height];
        float[] line = new float[width], sum = new float[width];
        // A source row is shared by at most two target rows: the last one computed is kept.
        int lineOf = -1;
        for (int y = 0; y < height; y++)
        {
            Array.Clear(sum);
            for (int i = rows.Starts[y]; i < rows.Starts[y + 1]; i++)
            {
                if (rows.Sources[i] != lineOf)
                {
                    lineOf = rows.Sources[i];
                    columns.Apply(source.Pixels.AsSpan(lineOf * source.Width, source.Width), line);
                }
                AddScaled(line, rows.Weights[i], sum);
            }
            var to = target.AsSpan(y * width, width);
            for (int x = 0; x < to.Length; x++)
                to[x] = (byte)MathF.Round(Math.Min(sum[x], 255f));
        }
        return new GreyImage(width, height, target);
    }

    // Multiply, then add: a fused operation would round differently from OpenCV.
    private static void AddScaled(float[] line, float weight, float[] sum)
    {
        var lines = MemoryMarshal.Cast<float, Vector<float>>(line.AsSpan());
        var sums = MemoryMarshal.Cast<float, Vector<float>>(sum.AsSpan());
        for (int v = 0; v < sums.Length; v++)
            sums[v] += lines[v] * weight;
        for (int x = sums.Length * Vector<float>.Count; x < sum.Length; x++)
            sum[x] += line[x] * weight;
    }
}
