namespace CtSeg.TrainingJob.Attention;

/// <summary>
/// The random rotations of the hash for one level of a network. The columns of one rotation stand at right angles to each other, so that
/// tokens without a preferred direction fill all buckets alike. Where a hash needs more columns than a token has channels, those of a further,
/// independent rotation follow, and buckets are less even.
/// </summary>
internal sealed class HashRotations(long seed, int level, int heads, int rounds, int headChannels)
{
    public int Heads => heads;
    public int Rounds => rounds;
    public int HeadChannels => headChannels;

    /// <returns>[rounds, heads, columns, head channels]</returns>
    public float[] Columns(int columns)
    {
        var values = new float[rounds * heads * columns * headChannels];
        for (var of = 0; of < rounds * heads; of++)
            Fill(values.AsSpan(of * columns * headChannels, columns * headChannels), head: of % heads, round: of / heads);
        return values;
    }

    private void Fill(Span<float> columns, int head, int round)
    {
        var drawn = new float[headChannels];
        var rotation = new double[headChannels][];
        for (var column = 0; column < columns.Length / headChannels; column++)
        {
            RotationGenerator.FillColumn(seed, level, head, round, column, drawn);
            var number = column % headChannels;
            rotation[number] = Orthonormal(drawn, rotation.AsSpan(0, number));
            for (var channel = 0; channel < headChannels; channel++)
                columns[(column * headChannels) + channel] = (float)rotation[number][channel];
        }
    }

    /// <summary>Normally distributed vectors, made orthonormal one after the other (Gram and Schmidt): every rotation is as likely as any other.</summary>
    private static double[] Orthonormal(ReadOnlySpan<float> drawn, ReadOnlySpan<double[]> before)
    {
        var column = new double[drawn.Length];
        for (var channel = 0; channel < column.Length; channel++)
            column[channel] = drawn[channel];
        foreach (var other in before)
            AddScaled(column, other, -Dot(column, other));
        var length = Math.Sqrt(Dot(column, column));
        for (var channel = 0; channel < column.Length; channel++)
            column[channel] /= length;
        return column;
    }

    private static double Dot(double[] left, double[] right)
    {
        var sum = 0.0;
        for (var channel = 0; channel < left.Length; channel++)
            sum += left[channel] * right[channel];
        return sum;
    }

    private static void AddScaled(double[] target, double[] source, double factor)
    {
        for (var channel = 0; channel < target.Length; channel++)
            target[channel] += factor * source[channel];
    }
}
