using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Training;

/// <summary>
/// Random views of a slice: zoomed, rotated, mirrored crops with other brightness and contrast. Image and mask are sampled by
/// the same map. The generator is made anew for every view from (seed, epoch, slice), so a run can go on where it stopped.
/// </summary>
internal sealed class Augmentation(int size, int seed)
{
    private const double MaxZoom = 1.3;
    private const double MaxRotation = Math.PI / 12;
    private const double Contrast = 0.15;
    private const double Brightness = 0.1;

    /// <param name="image">[1, 1, height, width], scaled input.</param>
    /// <param name="mask">[1, 1, mask height, mask width], class numbers as floats, over the same field of view.</param>
    /// <returns>The crop, [1, 1, size, size], and its classes, [1, size, size], 64-bit integers.</returns>
    public (Tensor Image, Tensor Mask) Apply(Tensor image, Tensor mask, int epoch, int slice)
    {
        using var scope = NewDisposeScope();
        var random = new Random(Seed(epoch, slice));
        using var map = Map(random, image.size(2), image.size(3));
        using var grid = nn.functional.affine_grid(map, [1, 1, size, size], align_corners: false);
        var contrast = 1 + (Contrast * Signed(random));
        var brightness = Brightness * Signed(random);
        // Outside the slice is air (-1) without lesions: samples are taken from values shifted by one.
        var view = nn.functional.grid_sample(image.add(1), grid, GridSampleMode.Bilinear, GridSamplePaddingMode.Zeros, align_corners: false)
            .sub_(1).mul_(contrast).add_(brightness).clamp_(-1, 1);
        var classes = nn.functional.grid_sample(mask, grid, GridSampleMode.Nearest, GridSamplePaddingMode.Zeros, align_corners: false)
            .squeeze(1).to(ScalarType.Int64);
        return (view.MoveToOuterDisposeScope(), classes.MoveToOuterDisposeScope());
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
