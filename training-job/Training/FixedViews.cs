using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Training;

/// <summary>The same views of a slice in every epoch: turned by right angles, or scaled about the centre in an unchanged frame.</summary>
internal sealed class FixedViews(int size, IReadOnlyList<FixedViews.Placement> placements) : IViews
{
    /// <param name="RightAngles">Turns by 90 degrees.</param>
    /// <param name="Scale">Of the slice's content; below 1 it is surrounded by air.</param>
    internal sealed record Placement(int RightAngles, double Scale);

    /// <summary>The slice as it is.</summary>
    public static IReadOnlyList<Placement> Whole { get; } = [new(0, 1)];

    /// <summary>The slice, turned by 90, 180 and 270 degrees, and scaled by 0.5 and 1.5 (arXiv:2004.05645, section III-B): 100 slices become 600.</summary>
    public static IReadOnlyList<Placement> OfPaper { get; } = [new(0, 1), new(1, 1), new(2, 1), new(3, 1), new(0, 0.5), new(0, 1.5)];

    public int PerSlice => placements.Count;

    public (Tensor Image, Tensor Mask) Apply(Tensor image, Tensor mask, int epoch, int slice, int view)
    {
        var (rightAngles, scale) = placements[view];
        var (sine, cosine) = rightAngles switch { 0 => (0, 1), 1 => (1, 0), 2 => (0, -1), _ => (-1, 0) };
        var zoom = (float)(1 / scale);
        using var scope = NewDisposeScope();
        var map = tensor([zoom * cosine, -zoom * sine, 0, zoom * sine, zoom * cosine, 0], [1, 2, 3]);
        // Where the slice shrinks, every new pixel is the mean of what it covers, as in the preprocessing.
        var side = (long)Math.Round(size / zoom);
        var shrunk = side < image.size(2) && side < image.size(3)
            ? nn.functional.interpolate(image, [side, side], mode: InterpolationMode.Area)
            : image.alias();
        var (picture, classes) = Views.Sample(shrunk, mask, map, size);
        return (picture.MoveToOuterDisposeScope(), classes.MoveToOuterDisposeScope());
    }
}
