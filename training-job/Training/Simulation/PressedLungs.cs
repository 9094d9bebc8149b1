namespace CtSeg.TrainingJob.Training.Simulation;

/// <summary>What a slice's pixels become when fluid presses its lungs.</summary>
internal sealed class PressedLungs
{
    // Half the side, less a half, of the square whose majority decides what is fluid: each vessel at the lung's edge would make a speck without it.
    private const int Reach = 2;

    // Of the largest layer of a lung: what else is left free lies between vessels.
    private const double LeastLayer = 0.3;

    private PressedLungs(int[] sources, bool[] fluid) => (Sources, Fluid) = (sources, fluid);

    /// <summary>By rows: which pixel was at its place before; itself for most.</summary>
    public int[] Sources { get; }

    /// <summary>By rows: what the lungs have left free along the chest wall.</summary>
    public bool[] Fluid { get; }

    public static PressedLungs Press(LungFields lungs, IReadOnlyList<LungPressure> pressures, int width, int height)
    {
        var sources = new int[width * height];
        var free = new bool[sources.Length];
        for (var pixel = 0; pixel < sources.Length; pixel++)
        {
            sources[pixel] = pixel;
            if (!lungs.Hold(pixel) || pressures[lungs.Of(pixel)].Before(pixel / width, pixel % width, lungs.All[lungs.Of(pixel)]) is not var (row, column))
                continue;
            free[pixel] = row >= height || column < 0 || column >= width || lungs.Of((row * width) + column) != lungs.Of(pixel);
            if (!free[pixel])
                sources[pixel] = (row * width) + column;
        }
        return new PressedLungs(sources, Layers(Smoothed(free, lungs, width, height), lungs, width));
    }

    private static bool[] Smoothed(bool[] free, LungFields lungs, int width, int height)
    {
        var smooth = new bool[free.Length];
        for (var row = Reach; row < height - Reach; row++)
        {
            for (var column = Reach; column < width - Reach; column++)
            {
                if (lungs.Hold((row * width) + column))
                    smooth[(row * width) + column] = IsMostlyFree(row, column);
            }
        }
        return smooth;

        bool IsMostlyFree(int row, int column)
        {
            var (inLung, ofThemFree) = (0, 0);
            for (var y = row - Reach; y <= row + Reach; y++)
            {
                for (var pixel = (y * width) + column - Reach; pixel <= (y * width) + column + Reach; pixel++)
                {
                    inLung += lungs.Hold(pixel) ? 1 : 0;
                    ofThemFree += free[pixel] ? 1 : 0;
                }
            }
            return 2 * ofThemFree > inLung;
        }
    }

    private static bool[] Layers(bool[] free, LungFields lungs, int width)
    {
        var fluid = new bool[free.Length];
        foreach (var ofLung in PixelRegion.AllOf(free, width).GroupBy(region => lungs.Of(region.Pixels[0])))
        {
            var largest = ofLung.Max(region => region.Pixels.Count);
            foreach (var pixel in ofLung.Where(region => region.Pixels.Count > LeastLayer * largest).SelectMany(region => region.Pixels))
                fluid[pixel] = true;
        }
        return fluid;
    }
}
