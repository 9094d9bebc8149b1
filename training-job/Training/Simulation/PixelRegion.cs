namespace CtSeg.TrainingJob.Training.Simulation;

/// <summary>Pixels, counted by rows, that touch each other at their sides.</summary>
/// <param name="Pixels">The first is the leftmost of the topmost.</param>
/// <param name="TouchesBorder">One of them is at the edge of the picture.</param>
internal sealed record PixelRegion(IReadOnlyList<int> Pixels, bool TouchesBorder)
{
    /// <param name="inside">By rows: what the regions are made of.</param>
    /// <returns>All regions, by their first pixels.</returns>
    public static IReadOnlyList<PixelRegion> AllOf(bool[] inside, int width)
    {
        var free = (bool[])inside.Clone();
        var regions = new List<PixelRegion>();
        for (var pixel = 0; pixel < free.Length; pixel++)
        {
            if (free[pixel])
                regions.Add(From(pixel, free, width));
        }
        return regions;
    }

    /// <param name="free">Pixels that belong to no region yet; those of this one no longer do afterwards.</param>
    private static PixelRegion From(int first, bool[] free, int width)
    {
        var lastRow = (free.Length / width) - 1;
        var pixels = new List<int> { first };
        free[first] = false;
        var touchesBorder = false;
        for (var next = 0; next < pixels.Count; next++)
        {
            var (pixel, row, column) = (pixels[next], pixels[next] / width, pixels[next] % width);
            touchesBorder |= row == 0 || column == 0 || row == lastRow || column == width - 1;
            Take(row > 0, pixel - width);
            Take(column > 0, pixel - 1);
            Take(column < width - 1, pixel + 1);
            Take(row < lastRow, pixel + width);
        }
        return new PixelRegion(pixels, touchesBorder);

        void Take(bool exists, int pixel)
        {
            if (!exists || !free[pixel])
                return;
            free[pixel] = false;
            pixels.Add(pixel);
        }
    }
}
