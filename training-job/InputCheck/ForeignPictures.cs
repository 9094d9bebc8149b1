using static CtSeg.TrainingJob.Tensors.KeptScalar;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.InputCheck;

/// <summary>
/// Pictures that are no upright axial chest slices in a lung window: made of such slices, or of nothing. No real foreign picture is among them, so
/// that any can serve as a test (outlier exposure, arXiv:1812.04606, with outliers that are made up).
/// </summary>
internal static class ForeignPictures
{
    private const int Side = InputCheckNetwork.Side;

    private static readonly Func<Tensor, Random, Tensor>[] OfSlices = [Turned, Tilted, Inverted, OtherWindow, CloseUp, Shuffled, WithoutLungs, Upended];
    private static readonly Func<Random, Tensor>[] OfNothing = [Leaves, Leaves, Clouds, Ellipses, Ellipses, Plain, Noise, Stripes];

    /// <param name="slice">[1, 1, 64, 64], -1 to 1, an upright slice.</param>
    /// <returns>[1, 1, 64, 64], -1 to 1.</returns>
    public static Tensor Make(Tensor slice, Random random)
    {
        using var scope = NewDisposeScope();
        var kind = random.Next(OfSlices.Length + OfNothing.Length);
        var picture = kind < OfSlices.Length ? OfSlices[kind](slice, random) : OfNothing[kind - OfSlices.Length](random);
        return picture.clamp(Kept(-1), Kept(1)).MoveToOuterDisposeScope();
    }

    private static Tensor Turned(Tensor slice, Random random) => slice.rot90(1 + random.Next(3), (2, 3));

    /// <summary>By more than a patient who lies askew.</summary>
    private static Tensor Tilted(Tensor slice, Random random)
    {
        var (sine, cosine) = Math.SinCos(Between(random, 35, 325) * Math.PI / 180);
        var map = tensor([(float)cosine, (float)-sine, 0, (float)sine, (float)cosine, 0], [1, 2, 3]);
        // Outside is air, -1: samples are taken from values shifted by one.
        return nn.functional.grid_sample(
            slice.add(Kept(1), alpha: One), nn.functional.affine_grid(map, [1, 1, Side, Side], align_corners: false), GridSampleMode.Bilinear, GridSamplePaddingMode.Zeros, align_corners: false)
            .sub(Kept(1));
    }

    /// <summary>Front and back changed, sides as they are.</summary>
    private static Tensor Upended(Tensor slice, Random random) => slice.flip(2);

    private static Tensor Inverted(Tensor slice, Random random) => slice.neg();

    /// <summary>Soft tissue grey and lungs black, as in windows for soft tissue or bone.</summary>
    private static Tensor OtherWindow(Tensor slice, Random random)
    {
        var from = Between(random, 0.2, 0.6);
        return slice.sub(Kept(from)).div(Kept(Between(random, 0.4, 1) * (1 - from))).clamp(Kept(0), Kept(1)).mul(Kept(Between(random, 0.6, 1.4))).sub(Kept(1));
    }

    private static Tensor CloseUp(Tensor slice, Random random)
    {
        var side = random.Next(Side / 5, Side / 3);
        var (row, column) = (random.Next(Side - side), random.Next(Side - side));
        return Enlarged(slice.narrow(2, row, side).narrow(3, column, side));
    }

    /// <summary>Its tiles in another order.</summary>
    private static Tensor Shuffled(Tensor slice, Random random)
    {
        var tiles = random.Next(2) == 0 ? 2 : 4;
        var side = Side / tiles;
        var order = Enumerable.Range(0, tiles * tiles).ToArray();
        random.Shuffle(order);
        if (order.SequenceEqual(order.Order()))
            Array.Reverse(order);
        var rows = Enumerable.Range(0, tiles).Select(row => cat(
            [.. Enumerable.Range(0, tiles).Select(column => order[(row * tiles) + column])
                .Select(tile => slice.narrow(2, tile / tiles * side, side).narrow(3, tile % tiles * side, side))], 3));
        return cat([.. rows], 2);
    }

    /// <summary>As through the belly: what is dark within the body becomes tissue.</summary>
    private static Tensor WithoutLungs(Tensor slice, Random random)
    {
        var body = Disc(0.5, 0.5, Between(random, 0.34, 0.42), Between(random, 0.24, 0.32), tilt: 0);
        var tissue = Between(random, 0.2, 0.9);
        var inside = slice.maximum(SmoothNoise(random, 8).mul(Kept(0.15)).add(Kept(tissue), alpha: One));
        return where(body, inside, slice);
    }

    /// <summary>Discs and rectangles over each other: much like photographs in their statistics ("dead leaves").</summary>
    private static Tensor Leaves(Random random)
    {
        var picture = full(1, 1, Side, Side, Kept((float)Signed(random)));
        var count = random.Next(5, 120);
        for (var leaf = 0; leaf < count; leaf++)
        {
            var size = 0.03 / Math.Pow(Between(random, 0.06, 1), 0.9);
            var place = Disc(random.NextDouble(), random.NextDouble(), size, size * Between(random, 0.3, 1), Between(random, 0, Math.PI), random.Next(3) == 0);
            picture = where(place, SmoothNoise(random, 4).mul(Kept(Between(random, 0, 0.3))).add(Kept(Signed(random)), alpha: One), picture);
        }
        return picture;
    }

    /// <summary>Noise of all scales.</summary>
    private static Tensor Clouds(Random random)
    {
        var picture = zeros(1, 1, Side, Side);
        var fall = Between(random, 0.3, 1);
        var weight = 1.0;
        for (var knots = 2; knots <= Side; knots *= 2)
        {
            picture = picture.add(SmoothNoise(random, knots), alpha: Kept(weight));
            weight *= fall;
        }
        return picture.mul(Kept(Between(random, 0.3, 1))).add(Kept(0.5 * Signed(random)), alpha: One);
    }

    /// <summary>A body in air with organs, but no two lungs: a head, a belly, a limb.</summary>
    private static Tensor Ellipses(Random random)
    {
        var (x, y) = (Between(random, 0.42, 0.58), Between(random, 0.42, 0.58));
        var (width, height) = (Between(random, 0.2, 0.5), Between(random, 0.2, 0.5));
        var picture = full(1, 1, Side, Side, Kept((float)Between(random, -1, -0.7)));
        var tilt = Between(random, 0, Math.PI);
        var shell = Between(random, 0.02, 0.1);
        var inside = Between(random, -0.6, 1);
        picture = where(Disc(x, y, width, height, tilt), full(1, 1, Side, Side, Kept((float)Between(random, 0, 1))), picture);
        picture = where(Disc(x, y, width - shell, height - shell, tilt), SmoothNoise(random, 16).mul(Kept(Between(random, 0, 0.3))).add(Kept(inside), alpha: One), picture);
        for (var organ = random.Next(12); organ > 0; organ--)
        {
            var (angle, away) = (Between(random, 0, 2 * Math.PI), Between(random, 0, 0.7));
            var place = Disc(
                x + (width * away * Math.Cos(angle)), y + (height * away * Math.Sin(angle)), width * Between(random, 0.03, 0.25), height * Between(random, 0.03, 0.25), Between(random, 0, Math.PI));
            picture = where(place, picture.add(Kept(0.5 * Signed(random)), alpha: One), picture);
        }
        return picture;
    }

    private static Tensor Plain(Random random)
    {
        var ramp = Places().div(Kept(Side)).mul(Kept(Signed(random))).reshape(1, 1, 1, Side).expand(1, 1, Side, Side);
        var picture = random.Next(2) == 0 ? ramp : ramp.mul(Kept(0));
        return (random.Next(2) == 0 ? picture : picture.transpose(2, 3)).add(Kept(Signed(random)), alpha: One);
    }

    private static Tensor Noise(Random random) => SmoothNoise(random, Side).mul(Kept(Between(random, 0.05, 1))).add(Kept(Signed(random)), alpha: One);

    /// <summary>Lines of text, bars, checks.</summary>
    private static Tensor Stripes(Random random)
    {
        var (first, second) = (Signed(random), Signed(random));
        Tensor Bars()
        {
            var period = Between(random, 2, 24);
            var share = Between(random, 0.2, 0.8);
            return Places().add(Kept(Between(random, 0, period)), alpha: One).remainder(Kept(period)).lt(Kept(period * share));
        }
        var rows = Bars().reshape(1, 1, Side, 1);
        var columns = Bars().reshape(1, 1, 1, Side);
        var bars = random.Next(4) switch
        {
            0 => rows.expand(1, 1, Side, Side),
            1 => columns.expand(1, 1, Side, Side),
            2 => rows.logical_xor(columns),
            _ => rows.logical_and(SmoothNoise(random, 32).gt(Kept(Between(random, -0.3, 0.3)))),
        };
        return where(bars, full(1, 1, Side, Side, Kept((float)first)), full(1, 1, Side, Side, Kept((float)second)));
    }

    /// <param name="knots">Independent values a side.</param>
    /// <returns>[1, 1, 64, 64], between knots smooth.</returns>
    private static Tensor SmoothNoise(Random random, int knots)
    {
        var values = new float[knots * knots];
        for (var at = 0; at < values.Length; at++)
            values[at] = (float)(1.5 * (random.NextDouble() + random.NextDouble() - 1));
        return Enlarged(tensor(values, [1, 1, knots, knots]));
    }

    /// <returns>[64], 0 to 63.</returns>
    private static Tensor Places() => arange(Kept(0), Kept(Side), Kept(1), ScalarType.Float32);

    private static Tensor Enlarged(Tensor picture) => nn.functional.interpolate(picture, [Side, Side], mode: InterpolationMode.Bilinear, align_corners: false);

    /// <returns>[1, 1, 64, 64], true within an ellipse or a rectangle; lengths in sides of the picture.</returns>
    private static Tensor Disc(double x, double y, double width, double height, double tilt, bool isRectangle = false)
    {
        var places = Places().add(Kept(0.5), alpha: One).div(Kept(Side));
        var (across, down) = (places.sub(Kept(x)).reshape(1, 1, 1, Side), places.sub(Kept(y)).reshape(1, 1, Side, 1));
        var (sine, cosine) = Math.SinCos(tilt);
        var along = across.mul(Kept(cosine)).add(down.mul(Kept(sine)), alpha: One).div(Kept(width));
        var beside = down.mul(Kept(cosine)).sub(across.mul(Kept(sine))).div(Kept(height));
        return isRectangle ? along.abs().maximum(beside.abs()).lt(Kept(1)) : along.pow(Kept(2)).add(beside.pow(Kept(2)), alpha: One).lt(Kept(1));
    }

    private static double Between(Random random, double low, double high) => low + ((high - low) * random.NextDouble());

    private static double Signed(Random random) => Between(random, -1, 1);
}
