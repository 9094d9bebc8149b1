using CtSeg.Imaging;
using CtSeg.Segmentation;

namespace CtSeg.Local.Phantom;

/// <summary>
/// An axial chest slice that belongs to nobody: drawn from a seed, with lesions and their true mask. For demonstrations
/// and tests; it looks like a slice but is no model of one, and no score on it says anything about patients.
/// </summary>
public static class PhantomSlice
{
    // The window of the training slices, HU.
    private const double Black = -1150, White = 130;

    /// <param name="seed">The same seed and size give the same bytes everywhere.</param>
    /// <param name="size">Side in pixels, 16 to 4096.</param>
    public static (GreyImage Image, LesionMask Truth) Generate(int seed, int size = 512)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 16);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 4096);
        var noise = new PhantomNoise(seed);
        var anatomy = new PhantomAnatomy(noise);
        double[] vessels = PhantomVessels.Draw(size, noise, anatomy);
        var lesions = new PhantomLesions(noise, anatomy);
        var density = new double[size * size];
        var labels = new byte[size * size];
        for (int i = 0; i < density.Length; i++)
        {
            double x = (i % size + 0.5) * 2 / size - 1, y = (i / size + 0.5) * 2 / size - 1;
            density[i] = anatomy.Density(x, y);
            if (anatomy.Lungs(x, y) >= 0)
                continue;
            (density[i], var lesion) = lesions.At(x, y, density[i], vessels[i]);
            labels[i] = (byte)lesion;
        }
        return (new GreyImage(size, size, Scan(density, size, noise.NextSeed())), new LesionMask(size, size, labels));
    }

    /// <summary>What a scanner makes of the densities: slightly blurred, with correlated noise, windowed to grey.</summary>
    private static byte[] Scan(double[] density, int size, uint seed)
    {
        var noisy = new double[density.Length];
        for (int i = 0; i < noisy.Length; i++)
            noisy[i] = density[i] + 75 * PhantomNoise.Normal(seed, i % size, i / size) * (density[i] <= Black ? 0 : 1);
        double[] blurred = Blur(noisy, size);
        var grey = new byte[density.Length];
        for (int i = 0; i < grey.Length; i++)
            grey[i] = (byte)Math.Clamp(Math.Floor((blurred[i] - Black) / (White - Black) * 255 + 0.5), 0, 255);
        return grey;
    }

    // 1 2 1 along both axes; the edge repeats.
    private static double[] Blur(double[] source, int size)
    {
        double[] across = new double[source.Length], both = new double[source.Length];
        for (int i = 0; i < source.Length; i++)
        {
            int x = i % size;
            across[i] = 0.25 * source[x > 0 ? i - 1 : i] + 0.5 * source[i] + 0.25 * source[x < size - 1 ? i + 1 : i];
        }
        for (int i = 0; i < source.Length; i++)
            both[i] = 0.25 * across[i >= size ? i - size : i] + 0.5 * across[i] + 0.25 * across[i < source.Length - size ? i + size : i];
        return both;
    }
}
