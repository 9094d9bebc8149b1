namespace CtSeg.TrainingJob.Training.Simulation;

/// <summary>The rectangle around a lung: first and last columns and rows.</summary>
internal sealed record LungField(int Left, int Top, int Right, int Bottom)
{
    public static LungField Around(PixelRegion lung, int width) => new(
        lung.Pixels.Min(pixel => pixel % width), lung.Pixels.Min(pixel => pixel / width),
        lung.Pixels.Max(pixel => pixel % width), lung.Pixels.Max(pixel => pixel / width));
}
