using CtSeg.TrainingJob.Training.Simulation;
using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Training;

/// <summary>
/// Random views of a slice: zoomed, rotated, mirrored, bent crops with other grey values. The generator is made anew for every view from
/// (seed, epoch, slice, view), so a run can go on where it stopped.
/// </summary>
internal sealed class Augmentation(int size, int seed, Variation variation) : IViews
{
    // Knots of the deformation a side: bends of about a quarter of the view.
    private const int Knots = 5;

    public int PerSlice => 1;

    public (Tensor Image, Tensor Mask) Apply(Tensor image, Tensor mask, int epoch, int slice, int view)
    {
        using var scope = NewDisposeScope();
        var random = new Random(Seed(epoch, slice, view));
        if (variation.Consolidations > 0 && random.NextDouble() < variation.Consolidations && SimulatedConsolidation.Add(image, mask, random) is { } dense)
            (image, mask) = dense;
        if (variation.Effusions > 0 && random.NextDouble() < variation.Effusions && SimulatedEffusion.Add(image, mask, random) is { } wet)
            (image, mask) = wet;
        var map = Map(random, image.size(2), image.size(3));
        var (picture, classes) = Views.Sample(image, mask, map, size, Displacement(random));
        return (Grey(picture, random).MoveToOuterDisposeScope(), classes.MoveToOuterDisposeScope());
    }

    /// <summary>[1, 2, 3]: from crop to slice, both in coordinates from -1 to 1.</summary>
    private Tensor Map(Random random, long height, long width)
    {
        var smallest = variation.MinZoom ?? Math.Min(1, size / (double)Math.Max(height, width));
        var zoom = smallest * Math.Pow(variation.MaxZoom / smallest, random.NextDouble());
        var angle = variation.MaxRotationDegrees * Math.PI / 180 * Signed(random);
        var mirror = random.Next(2) == 0 ? -1 : 1;
        var (acrossX, acrossY) = (size / zoom / width, size / zoom / height);
        var centreX = Math.Max(0.05, 1 - acrossX) * Signed(random);
        var centreY = Math.Max(0.05, 1 - acrossY) * Signed(random);
        var (sine, cosine) = Math.SinCos(angle);
        return tensor(
            [
                (float)(acrossX * cosine * mirror), (float)(-acrossX * sine), (float)centreX,
                (float)(acrossY * sine * mirror), (float)(acrossY * cosine), (float)centreY,
            ],
            [1, 2, 3]);
    }

    /// <summary>[1, size, size, 2], smooth; null where nothing is bent.</summary>
    private Tensor? Displacement(Random random)
    {
        if (variation.Deformation == 0)
            return null;
        using var scope = NewDisposeScope();
        var knots = tensor(
            [.. Enumerable.Range(0, 2 * Knots * Knots).Select(_ => (float)(2 * variation.Deformation * Normal(random)))], [1, 2, Knots, Knots]);
        return nn.functional.interpolate(knots, [size, size], mode: InterpolationMode.Bicubic, align_corners: true)
            .permute(0, 2, 3, 1).contiguous().MoveToOuterDisposeScope();
    }

    /// <param name="picture">[1, 1, size, size], -1 to 1; overwritten.</param>
    private Tensor Grey(Tensor picture, Random random)
    {
        var contrast = 1 + (variation.Contrast * Signed(random));
        picture.mul_(Kept(contrast)).add_(Kept(variation.Brightness * Signed(random)), alpha: One);
        if (variation.Noise > 0)
        {
            var deviation = variation.Noise * random.NextDouble();
            var noise = new float[size * size];
            for (var pixel = 0; pixel < noise.Length; pixel++)
                noise[pixel] = (float)(deviation * Normal(random));
            picture.add_(tensor(noise, picture.shape), alpha: One);
        }
        picture.clamp_(Kept(-1), Kept(1));
        return variation.Gamma == 1
            ? picture
            : picture.add_(Kept(1), alpha: One).div_(Kept(2)).pow_(Kept(Math.Pow(variation.Gamma, Signed(random)))).mul_(Kept(2)).sub_(Kept(1));
    }

    private int Seed(int epoch, int slice, int view) => unchecked((((((seed * 1_000_003) + epoch) * 1_000_003) + slice) * 31) + view);

    private static double Signed(Random random) => (2 * random.NextDouble()) - 1;

    /// <summary>Standard normal, by the method of Box and Muller.</summary>
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
