namespace CtSeg.TrainingJob.Attention;

/// <summary>
/// Normally distributed columns for the hash rotations from a counter-based generator: column c of a rotation is the same whatever the
/// number of columns, so one seed serves every image size, and inference repeats exactly.
/// </summary>
internal static class RotationGenerator
{
    /// <summary>Fills one column of a rotation; every argument is a counter, none is state.</summary>
    public static void FillColumn(long seed, int level, int head, int round, int column, Span<float> values)
    {
        var key = Mix(unchecked((ulong)seed));
        foreach (var counter in (ReadOnlySpan<int>)[level, head, round, column])
            key = Mix(key ^ Mix((ulong)(uint)counter + 0x9E3779B97F4A7C15UL));
        for (var row = 0; row < values.Length; row++)
            values[row] = Gaussian(Mix(key + (2UL * (ulong)row)), Mix(key + (2UL * (ulong)row) + 1));
    }

    private static float Gaussian(ulong first, ulong second)
    {
        // Box-Muller; the half keeps the logarithm's argument above zero.
        var u = ((first >> 11) + 0.5) / (1UL << 53);
        var v = (second >> 11) / (double)(1UL << 53);
        return (float)(Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v));
    }

    // The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value += 0x9E3779B97F4A7C15UL;
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
            return value ^ (value >> 31);
        }
    }
}
