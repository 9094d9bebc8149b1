using CtSeg.Imaging;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Robustness;

/// <summary>A change to an upload that must not change what is found in it.</summary>
/// <param name="Apply">Slice and truth, both as uploaded; what moves the slice moves the truth.</param>
internal sealed record Disturbance(string Name, Func<GreyImage, LesionMask, (GreyImage Slice, LesionMask Truth)> Apply)
{
    private const int JpegQuality = 60;

    public static IReadOnlyList<Disturbance> All { get; } =
    [
        new("none", (slice, truth) => (slice, truth)),
        new("brightness +15 %", Grey(value => value + (0.15 * 255))),
        new("brightness -15 %", Grey(value => value - (0.15 * 255))),
        new("contrast +15 %", Grey(value => 127.5 + (1.15 * (value - 127.5)))),
        new("contrast -15 %", Grey(value => 127.5 + (0.85 * (value - 127.5)))),
        new("rotation +5 degrees", (slice, truth) => Movement.Apply(slice, truth, degrees: 5, scale: 1)),
        new("rotation -5 degrees", (slice, truth) => Movement.Apply(slice, truth, degrees: -5, scale: 1)),
        new("scale 0.8", (slice, truth) => Movement.Apply(slice, truth, degrees: 0, scale: 0.8)),
        new("scale 1.25", (slice, truth) => Movement.Apply(slice, truth, degrees: 0, scale: 1.25)),
        new($"JPEG quality {JpegQuality}", (slice, truth) => (JpegRoundTrip.Apply(slice, JpegQuality), truth)),
        new("burned-in text", (slice, truth) => (BurnedInText.Write(slice), truth)),
        new("burned-in text, masked", (slice, truth) => (BurnedInText.Mask(slice), truth)),
    ];

    private static Func<GreyImage, LesionMask, (GreyImage, LesionMask)> Grey(Func<double, double> change)
    {
        var table = Enumerable.Range(0, 256).Select(value => (byte)Math.Clamp(Math.Round(change(value)), 0, 255)).ToArray();
        return (slice, truth) => (new GreyImage(slice.Width, slice.Height, [.. slice.Pixels.Select(pixel => table[pixel])]), truth);
    }
}
