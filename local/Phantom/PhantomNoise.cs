namespace CtSeg.Local.Phantom;

/// <summary>
/// Chance and smooth noise from a seed. Only additions, products and square roots are used, all of them exactly rounded,
/// so that a seed gives the same picture on every machine.
/// </summary>
internal sealed class PhantomNoise(int seed)
{
    private ulong _state = (uint)seed * 0x9E3779B97F4A7C15UL + 0x632BE59BD9B4E019UL;

    /// <summary>Uniform in [low, high).</summary>
    public double Next(double low, double high) => low + (high - low) * ((Mix(_state += 0x9E3779B97F4A7C15UL) >> 11) * (1.0 / (1UL << 53)));

    public bool Chance(double probability) => Next(0, 1) < probability;

    public int NextInt(int low, int high) => (int)Next(low, high + 1);

    public uint NextSeed() => (uint)Mix(_state += 0x9E3779B97F4A7C15UL);

    /// <summary>About normal, mean 0, deviation 1: the sum of four uniform numbers from one hash.</summary>
    public static double Normal(uint seed, int x, int y)
    {
        ulong h = Hash(seed, x, y);
        double sum = (h & 0xFFFF) + ((h >> 16) & 0xFFFF) + ((h >> 32) & 0xFFFF) + (h >> 48);
        return (sum / 65536 - 2) * 1.7320508075688772;
    }

    /// <summary>Value noise, 0 to 1, one lattice cell a unit.</summary>
    public static double Smooth(uint seed, double x, double y)
    {
        double floorX = Math.Floor(x), floorY = Math.Floor(y);
        int i = (int)floorX, j = (int)floorY;
        double u = Step(x - floorX), v = Step(y - floorY);
        double top = At(seed, i, j) * (1 - u) + At(seed, i + 1, j) * u;
        double bottom = At(seed, i, j + 1) * (1 - u) + At(seed, i + 1, j + 1) * u;
        return top * (1 - v) + bottom * v;
    }

    /// <summary>Several octaves of <see cref="Smooth"/>, 0 to 1.</summary>
    public static double Cloud(uint seed, double x, double y, int octaves)
    {
        double sum = 0, weight = 0.5, total = 0;
        for (uint o = 0; o < octaves; o++)
        {
            sum += weight * Smooth(seed + o, x, y);
            total += weight;
            (x, y, weight) = (2.03 * x + 7.1, 2.03 * y + 3.7, 0.5 * weight);
        }
        return sum / total;
    }

    /// <summary>0 below 0, 1 above 1, smooth between.</summary>
    public static double Step(double t)
    {
        t = Math.Clamp(t, 0, 1);
        return t * t * (3 - 2 * t);
    }

    /// <summary>Unit vector at an angle in turns; accurate to 0.001.</summary>
    public static (double X, double Y) Direction(double turns) => (Sine(turns + 0.25), Sine(turns));

    private static double Sine(double turns)
    {
        double t = turns - Math.Floor(turns);
        bool negative = t >= 0.5;
        double half = 2 * (negative ? t - 0.5 : t);
        // Parabola through the zeros, corrected once.
        double y = 4 * half * (1 - half);
        y = 0.225 * (y * y - y) + y;
        return negative ? -y : y;
    }

    private static double At(uint seed, int x, int y) => (Hash(seed, x, y) >> 11) * (1.0 / (1UL << 53));

    private static ulong Hash(uint seed, int x, int y) =>
        Mix(((ulong)(uint)x << 32 | (uint)y) + seed * 0xD1342543DE82EF95UL);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
