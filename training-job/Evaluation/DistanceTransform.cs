namespace CtSeg.TrainingJob.Evaluation;

/// <summary>
/// Exact Euclidean distances to the nearest marked pixel, in time linear in the pixels: lower envelopes of parabolas along
/// columns, then rows (Felzenszwalb and Huttenlocher, Distance Transforms of Sampled Functions, 2012).
/// </summary>
internal static class DistanceTransform
{
    // Larger than any squared distance within an image, small enough to stay exact.
    private const double Far = 1e12;

    /// <param name="marked">Row by row.</param>
    /// <returns>Squared distances in pixels; of no meaning where nothing is marked.</returns>
    public static double[] Squared(ReadOnlySpan<bool> marked, int width, int height)
    {
        var distances = new double[marked.Length];
        for (var pixel = 0; pixel < marked.Length; pixel++)
            distances[pixel] = marked[pixel] ? 0 : Far;
        var line = new Line(Math.Max(width, height));
        for (var column = 0; column < width; column++)
            line.Transform(distances, column, width, height);
        for (var row = 0; row < height; row++)
            line.Transform(distances, row * width, 1, width);
        return distances;
    }

    private sealed class Line(int longest)
    {
        private readonly double[] _values = new double[longest];
        private readonly int[] _vertices = new int[longest];
        private readonly double[] _starts = new double[longest + 1];

        /// <summary>Replaces every value by the least of value plus squared distance along the line.</summary>
        public void Transform(double[] grid, int first, int stride, int length)
        {
            for (var at = 0; at < length; at++)
                _values[at] = grid[first + (at * stride)];
            var last = 0;
            (_vertices[0], _starts[0], _starts[1]) = (0, double.NegativeInfinity, double.PositiveInfinity);
            for (var at = 1; at < length; at++)
            {
                var crossing = Crossing(_vertices[last], at);
                while (crossing <= _starts[last])
                    crossing = Crossing(_vertices[--last], at);
                last++;
                (_vertices[last], _starts[last], _starts[last + 1]) = (at, crossing, double.PositiveInfinity);
            }
            var parabola = 0;
            for (var at = 0; at < length; at++)
            {
                while (_starts[parabola + 1] < at)
                    parabola++;
                var offset = (double)at - _vertices[parabola];
                grid[first + (at * stride)] = (offset * offset) + _values[_vertices[parabola]];
            }
        }

        private double Crossing(int left, int right) =>
            (_values[right] - _values[left] + ((double)right * right) - ((double)left * left)) / (2.0 * (right - left));
    }
}
