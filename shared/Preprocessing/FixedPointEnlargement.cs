using System.Runtime.InteropServices;
using CtSeg.Imaging;

namespace CtSeg.Preprocessing;

/// <summary>What OpenCV's INTER_AREA does where a side grows: linear interpolation at area positions, weights in 1/2048.</summary>
internal static class FixedPointEnlargement
{
    private const int One = 2048;

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Tap(int First, int Second, int FirstWeight, int SecondWeight);

    public static GreyImage Resize(GreyImage source, int width, int height)
    {
        Tap[] columns = TapsFor(source.Width, width), rows = TapsFor(source.Height, height);
        var target = new byte[width * height];
        int[] first = new int[width], second = new int[width];
        int firstOf = -1, secondOf = -1;
        for (int y = 0; y < height; y++)
        {
            var tap = rows[y];
            if (tap.First == secondOf)
                (first, second, firstOf, secondOf) = (second, first, secondOf, firstOf);
            if (tap.First != firstOf)
                Across(source, firstOf = tap.First, columns, first);
            if (tap.Second != secondOf)
                Across(source, secondOf = tap.Second, columns, second);
            var to = target.AsSpan(y * width, width);
            for (int x = 0; x < to.Length; x++)
            {
                int value = ((tap.FirstWeight * (first[x] >> 4)) >> 16) + ((tap.SecondWeight * (second[x] >> 4)) >> 16);
                to[x] = (byte)((value + 2) >> 2);
            }
        }
        return new GreyImage(width, height, target);
    }

    private static void Across(GreyImage source, int row, Tap[] columns, int[] target)
    {
        var pixels = source.Pixels.AsSpan(row * source.Width, source.Width);
        for (int x = 0; x < target.Length; x++)
        {
            var tap = columns[x];
            target[x] = pixels[tap.First] * tap.FirstWeight + pixels[tap.Second] * tap.SecondWeight;
        }
    }

    private static Tap[] TapsFor(int source, int target)
    {
        double scale = (double)source / target, inverse = (double)target / source;
        var taps = new Tap[target];
        for (int t = 0; t < target; t++)
        {
            int at = (int)Math.Floor(t * scale);
            float part = (float)((t + 1) - (at + 1) * inverse);
            part = part <= 0 ? 0 : part - MathF.Floor(part);
            if (at >= source - 1)
                (at, part) = (source - 1, 0);
            taps[t] = new Tap(at, Math.Min(at + 1, source - 1), (int)MathF.Round((1f - part) * One), (int)MathF.Round(part * One));
        }
        return taps;
    }
}
