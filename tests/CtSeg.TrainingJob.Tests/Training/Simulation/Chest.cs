using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Training.Simulation;

/// <summary>A drawn slice: air around a body with two lungs, in the left one a vessel, in the right one ground-glass opacity at the back.</summary>
internal static class Chest
{
    public const int Side = 96;
    public const int MaskSide = 2 * Side;
    public const float Tissue = 0.8f;
    public const float Vessel = 0.7f;
    public const float Opacity = 0.3f;

    public static float[] Image { get; } = Draw((row, column) => !IsBody(row, column) ? -1 : IsVessel(row, column) ? Vessel
        : !IsLung(row, column) ? Tissue : IsOpacity(row, column) ? Opacity : -0.8f);

    public static float[] Classes { get; } = Draw((row, column) => IsOpacity(row, column) ? 1 : 0);

    public static bool IsLeft(int row, int column) => IsInside(row, column, 48, 30, 22, 12);

    public static bool IsRight(int row, int column) => IsInside(row, column, 48, 66, 22, 12);

    public static bool IsLung(int row, int column) => IsLeft(row, column) || IsRight(row, column);

    public static bool IsVessel(int row, int column) => IsInside(row, column, 44, 30, 1.5, 1.5);

    /// <returns>[1, 1, 96, 96]</returns>
    public static Tensor ToImage() => tensor(Image, [1, 1, Side, Side]);

    /// <returns>[1, 1, 192, 192]</returns>
    public static Tensor ToMask() => tensor(Classes, [1, 1, Side, Side]).repeat_interleave(2, 2).repeat_interleave(2, 3).contiguous();

    /// <summary>A pixel of the mask inside a pixel of the image.</summary>
    public static int Fine(int pixel) => (pixel / Side * 2 * MaskSide) + (pixel % Side * 2);

    private static bool IsBody(int row, int column) => IsInside(row, column, 48, 48, 36, 44);

    private static bool IsOpacity(int row, int column) => IsRight(row, column) && row > 60;

    private static bool IsInside(int row, int column, double centreRow, double centreColumn, double halfHeight, double halfWidth) =>
        Math.Pow((row - centreRow) / halfHeight, 2) + Math.Pow((column - centreColumn) / halfWidth, 2) <= 1;

    private static float[] Draw(Func<int, int, float> value) => [.. Enumerable.Range(0, Side * Side).Select(pixel => value(pixel / Side, pixel % Side))];
}
