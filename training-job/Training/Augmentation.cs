using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Training;

/// <summary>
/// Random views of a slice: zoomed, rotated, mirrored crops with other brightness and contrast. The generator is made anew for every view from (seed, epoch, slice), so a run can go on where it stopped.
/// </summary>
internal sealed class Augmentation(int size, int seed) : IViews
{
    private const double MaxZoom = 1.3;
    private const double MaxRotation = Math.PI / 12;
    private const double Contrast = 0.15;
    private const double Brightness = 0.1;

    public int PerSlice => 1;

    public (Tensor Image, Tensor Mask) Apply(Tensor image, Tensor mask, int epoch, int slice, int view)
    {
        using var scope = NewDisposeScope();
        var random = new Random(Seed(epoch, slice));
        var (picture, classes) = Views.Sample(image, mask, Map(random, image.size(2), image.size(3)), size);
        var contrast = 1 + (Contrast * Signed(random));
        var brightness = Brightness * Signed(random);
        picture.mul_(contrast).add_(brightness).clamp_(-1, 1);
        return (picture.MoveToOuterDisposeScope(), classes.MoveToOuterDisposeScope());
    }

    /// <summary>[1, 2, 3]: from crop to slice, both in coordinates from -1 to 1.</summary>
    private Tensor Map(Random random, long height, long width)
    {
        var smallest = Math.Min(1, size / (double)Math.Max(height, width));
        var zoom = smallest * Math.Pow(MaxZoom / smallest, random.NextDouble());
        var angle = MaxRotation * Signed(random);
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

    private int Seed(int epoch, int slice) => unchecked((((seed * 1_000_003) + epoch) * 1_000_003) + slice);

    private static double Signed(Random random) => (2 * random.NextDouble()) - 1;
}
