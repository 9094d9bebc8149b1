namespace CtSeg.TrainingJob.Training.Simulation;

/// <summary>What fluid looks like: nearly as bright as the slice's soft tissue, and noisy.</summary>
/// <param name="Mean">-1 to 1.</param>
/// <param name="Deviation">Standard deviation of the noise before it is smoothed.</param>
internal sealed record FluidTexture(float Mean, float Deviation)
{
    // Fat to muscle in a lung window; bone is brighter.
    private const float DarkestTissue = 0.5f;
    private const float BrightestTissue = 0.97f;
    private const float UsualTissue = 0.8f;

    public static FluidTexture Draw(float[] picture, Random random)
    {
        var tissue = Array.FindAll(picture, grey => grey is > DarkestTissue and < BrightestTissue);
        Array.Sort(tissue);
        var median = tissue.Length == 0 ? UsualTissue : tissue[tissue.Length / 2];
        // From 0.1 below to 0.05 above, about where the effusions of the training data lie.
        return new FluidTexture(median - (float)(0.15 * random.NextDouble()) + 0.05f, (float)(0.03 + (0.05 * random.NextDouble())));
    }

    /// <param name="picture">By rows; overwritten where there is fluid, and smoothed there and beside it: its edge is no sharper than others.</param>
    public void Fill(float[] picture, bool[] fluid, int width, Random random)
    {
        for (var pixel = 0; pixel < picture.Length; pixel++)
        {
            // Even noise of that deviation.
            if (fluid[pixel])
                picture[pixel] = Math.Clamp(Mean + (float)(Deviation * 1.7 * ((2 * random.NextDouble()) - 1)), -1, 1);
        }
        var sharp = (float[])picture.Clone();
        for (var pixel = width + 1; pixel < picture.Length - width - 1; pixel++)
        {
            if (fluid[pixel] || fluid[pixel - 1] || fluid[pixel + 1] || fluid[pixel - width] || fluid[pixel + width])
                picture[pixel] = ((4 * sharp[pixel]) + sharp[pixel - 1] + sharp[pixel + 1] + sharp[pixel - width] + sharp[pixel + width]) / 8;
        }
    }
}
