namespace CtSeg.Preprocessing;

/// <summary>Which source pixels a target pixel covers along one axis, and with which weight (sum 1).</summary>
/// <param name="Starts">Target pixel t owns the entries <c>Starts[t]</c> up to <c>Starts[t + 1]</c>.</param>
internal sealed record AreaWeights(int[] Starts, int[] Sources, float[] Weights)
{
    // OpenCV drops a rest of an edge pixel below this.
    private const double Sliver = 1e-3;

    /// <param name="source">Pixels of the source, at least <paramref name="target"/>.</param>
    public static AreaWeights For(int source, int target)
    {
        double scale = (double)source / target;
        var starts = new int[target + 1];
        var sources = new List<int>(source + 2 * target);
        var weights = new List<float>(source + 2 * target);
        for (int t = 0; t < target; t++)
        {
            double from = t * scale, to = from + scale, cell = Math.Min(scale, source - from);
            int last = Math.Min((int)Math.Floor(to), source - 1), first = Math.Min((int)Math.Ceiling(from), last);
            if (first - from > Sliver)
                Add(first - 1, (first - from) / cell);
            for (int s = first; s < last; s++)
                Add(s, 1.0 / cell);
            if (to - last > Sliver)
                Add(last, Math.Min(Math.Min(to - last, 1.0), cell) / cell);
            starts[t + 1] = sources.Count;
        }
        return new AreaWeights(starts, [.. sources], [.. weights]);

        void Add(int pixel, double weight)
        {
            sources.Add(pixel);
            weights.Add((float)weight);
        }
    }

    public void Apply(ReadOnlySpan<byte> source, Span<float> target)
    {
        var sources = Sources.AsSpan();
        var weights = Weights.AsSpan(0, sources.Length);
        int i = 0;
        for (int t = 0; t < target.Length; t++)
        {
            float sum = 0;
            for (int end = Starts[t + 1]; i < end; i++)
                sum += source[sources[i]] * weights[i];
            target[t] = sum;
        }
    }
}
