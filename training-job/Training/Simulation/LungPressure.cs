namespace CtSeg.TrainingJob.Training.Simulation;

/// <summary>How far fluid moves a lung away from the chest wall.</summary>
/// <param name="Up">Of the lung's lowest row, pixels.</param>
/// <param name="Inwards">Of the same, pixels to the right.</param>
/// <param name="From">Share of the lung's height, from its top, below which it is moved at all.</param>
internal sealed record LungPressure(double Up, double Inwards, double From)
{
    /// <returns>One for each lung, in order: one of them or all are pressed. Little fluid is more frequent than much.</returns>
    public static IReadOnlyList<LungPressure> Draw(IReadOnlyList<LungField> lungs, int width, Random random)
    {
        var which = random.Next(lungs.Count + 1);
        return [.. lungs.Select((lung, index) => Draw(lung, which == index || which == lungs.Count, width, random))];
    }

    private static LungPressure Draw(LungField lung, bool isPressed, int width, Random random)
    {
        var share = 0.04 + (0.26 * Math.Pow(random.NextDouble(), 2));
        var inwards = 0.7 * random.NextDouble();
        var from = 0.15 + (0.35 * random.NextDouble());
        var up = isPressed ? share * (lung.Bottom - lung.Top) : 0;
        return new LungPressure(up, lung.Left + lung.Right < width ? -inwards * up : inwards * up, from);
    }

    /// <summary>Where a pixel of the pressed lung was before.</summary>
    /// <returns>Null where the pixel is not moved.</returns>
    public (int Row, int Column)? Before(int row, int column, LungField lung)
    {
        var depth = (((row - lung.Top) / (double)Math.Max(1, lung.Bottom - lung.Top)) - From) / (1 - From);
        return depth <= 0 || Up == 0 ? null : ((int)Math.Round(row + (depth * Up)), (int)Math.Round(column + (depth * Inwards)));
    }
}
