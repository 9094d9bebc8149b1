using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.InputCheck;
using CtSeg.TrainingJob.Tests.Tensors;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingJob.WeightFiles;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.InputCheck;

[Collection(TorchCollection.Name)]
public sealed class InputCheckTests
{
    private const int Side = 128;

    [Fact]
    [Trait("Category", "Slow")]
    public void Given_ChestsToLearn_When_OtherPicturesCome_Then_TheyScoreAboveAHalfAndOtherChestsBelow()
    {
        using var network = InputCheckTraining.Fit(
            [.. Enumerable.Range(0, 12).Select(index => new LabelledSlice($"s{index}", $"g{index}", Chest(index), new LesionMask(1, 1, [0])))],
            steps: 250, seed: 1, stepDone: null, CancellationToken.None);
        for (var index = 100; index < 110; index++)
        {
            var chest = Chest(index);
            network.Score(chest).ShouldBeLessThan(0.5, $"chest {index}");
            network.Score(Map(chest, (x, y) => (y, x))).ShouldBeGreaterThan(0.5, $"turned {index}");
            network.Score(new GreyImage(Side, Side, [.. chest.Pixels.Select(pixel => (byte)(255 - pixel))])).ShouldBeGreaterThan(0.5, $"inverted {index}");
        }
        network.Score(Filled((_, _) => 0)).ShouldBeGreaterThan(0.5, "black");
        network.Score(Filled((_, _) => 255)).ShouldBeGreaterThan(0.5, "white");
        network.Score(Filled((x, _) => x * 2)).ShouldBeGreaterThan(0.5, "ramp");
        var random = new Random(1);
        network.Score(Filled((_, _) => random.Next(256))).ShouldBeGreaterThan(0.5, "noise");
    }

    [Fact]
    public void Given_EqualSlicesAndSeeds_When_Fitted_Then_WeightsAreEqual()
    {
        List<LabelledSlice> slices = [new("s", "g", Chest(1), new LesionMask(1, 1, [0]))];
        using var scope = NewDisposeScope();
        IReadOnlyDictionary<string, Tensor> Fit(int seed) => InputCheckTraining.Fit(slices, steps: 3, seed, stepDone: null, CancellationToken.None).ToTensors();
        var (first, again, other) = (Fit(1), Fit(1), Fit(2));
        first.Keys.ShouldAllBe(name => InputCheckNetwork.Owns(name));
        first.ShouldAllBe(pair => pair.Value.Equals(again[pair.Key]));
        first.Any(pair => !pair.Value.Equals(other[pair.Key])).ShouldBeTrue();
    }

    [Fact]
    public void Given_TheSameSeed_When_ForeignPicturesAreMade_Then_TheyRepeatAndStayInRange()
    {
        using var scope = NewDisposeScope();
        var slice = rand(1, 1, 64, 64).mul(2).sub(1);
        var different = new HashSet<float>();
        for (var seed = 0; seed < 100; seed++)
        {
            var picture = ForeignPictures.Make(slice, new Random(seed));
            picture.shape.ShouldBe([1, 1, 64, 64]);
            picture.isfinite().all().item<bool>().ShouldBeTrue();
            picture.abs().max().item<float>().ShouldBeLessThanOrEqualTo(1);
            ForeignPictures.Make(slice, new Random(seed)).Equals(picture).ShouldBeTrue();
            picture.Equals(slice).ShouldBeFalse();
            different.Add(picture.sum().item<float>());
        }
        different.Count.ShouldBeGreaterThan(60);
    }

    [Fact]
    public void Given_AMarkedSlice_When_ForeignPicturesAreMade_Then_SomeShowItTiltedByOddAngles()
    {
        using var scope = NewDisposeScope();
        // A bar above the middle: where its bright pixels lie tells how it is turned, and how far away whether it is whole.
        var slice = full(1, 1, 64, 64, -1f);
        slice.narrow(2, 8, 24).narrow(3, 30, 4).fill_(1);
        var tilts = Enumerable.Range(0, 600).Select(seed => Bright(ForeignPictures.Make(slice, new Random(seed))))
            .Where(bright => bright.Pixels is > 84 and < 108 && Math.Abs(bright.Distance - 12) < 0.6 && Math.Abs(bright.Degrees % 90) is > 4 and < 86)
            .Select(bright => bright.Degrees).ToList();
        tilts.Count.ShouldBeGreaterThan(8);
        tilts.ShouldAllBe(angle => Math.Abs(angle) > 30);
        tilts.ShouldContain(angle => angle > 90);
        tilts.ShouldContain(angle => angle < -90);
    }

    [Fact]
    public void Given_TensorsOfTheWeightsFile_When_Read_Then_TheScoreReturnsAndPartsThatLackAreNamed()
    {
        manual_seed(4);
        using var network = new InputCheckNetwork();
        var tensors = network.ToTensors();
        using (var read = InputCheckNetwork.FromTensors(tensors))
            read!.Score(Chest(1)).ShouldBe(network.Score(Chest(1)));
        var missing = tensors.Keys.First();
        Should.Throw<WeightsFormatException>(() => InputCheckNetwork.FromTensors(tensors.Where(pair => pair.Key != missing).ToDictionary()));
        InputCheckNetwork.FromTensors(new Dictionary<string, Tensor> { ["encoder.weight"] = zeros(1) }).ShouldBeNull();
    }

    // Whatever lay where intermediate results come to lie: a convolution may not read beyond them.
    [Fact]
    public void Given_FreedMemoryFullOfNaN_When_ScoredAndDifferentiated_Then_EveryResultIsANumberAndTheSame()
    {
        manual_seed(4);
        using var network = new InputCheckNetwork();
        using var pictures = randn(48, 1, InputCheckNetwork.Side, InputCheckNetwork.Side);
        using var one = pictures.narrow(0, 0, 1);
        var (score, gradients) = (network.Score(one), new HashSet<string>());
        for (var attempt = 0; attempt < 10; attempt++)
        {
            FreedMemory.FillWithNaN();
            network.Score(one).ShouldBe(score);
            FreedMemory.FillWithNaN();
            using var scope = NewDisposeScope();
            network.zero_grad();
            var sum = network.call(pictures).sum();
            FreedMemory.FillWithNaN();
            sum.backward();
            gradients.Add(string.Join(" ", network.parameters().Select(parameter => parameter.grad!.abs().sum().item<float>())));
        }
        gradients.ShouldHaveSingleItem().ShouldNotContain("NaN");
    }

    [Theory]
    [InlineData(0.5, false)]
    [InlineData(0.51, true)]
    public void Given_AScore_When_Judged_Then_AboveAHalfIsWarnedAbout(double score, bool warned)
    {
        var result = InputCheckResult.Of(score);
        result.Score.ShouldBe(score);
        (result.Warning is not null).ShouldBe(warned);
    }

    /// <summary>Of the bright pixels: how many, and where their middle lies as seen from the picture's, degrees from upwards from -180 to 180.</summary>
    private static (long Pixels, double Distance, double Degrees) Bright(Tensor picture)
    {
        var places = picture.gt(0)[0, 0].nonzero().to(ScalarType.Float32);
        if (places.size(0) == 0)
            return (0, 0, 0);
        var middle = places.mean([0]).data<float>().ToArray();
        var (up, right) = (31.5 - middle[0], middle[1] - 31.5);
        return (places.size(0), Math.Sqrt((up * up) + (right * right)), Math.Atan2(right, up) * 180 / Math.PI);
    }

    /// <summary>A bright body in air with two dark lungs and a bright spine, each a little different.</summary>
    private static GreyImage Chest(int seed)
    {
        var random = new Random(seed);
        double Near(double value) => value * (0.92 + (0.16 * random.NextDouble()));
        var (width, height, lungWidth, lungHeight, away) = (Near(0.44), Near(0.32), Near(0.13), Near(0.2), Near(0.2));
        bool Within(double x, double y, double cx, double cy, double w, double h) => ((x - cx) * (x - cx) / (w * w)) + ((y - cy) * (y - cy) / (h * h)) < 1;
        return Filled((column, row) =>
        {
            var (x, y) = ((column + 0.5) / Side, (row + 0.5) / Side);
            if (!Within(x, y, 0.5, 0.5, width, height))
                return 15 + random.Next(10);
            if (Within(x, y, 0.5, 0.72, 0.06, 0.06))
                return 255;
            return Within(x, y, 0.5 - away, 0.5, lungWidth, lungHeight) || Within(x, y, 0.5 + away, 0.5, lungWidth, lungHeight)
                ? 55 + random.Next(25)
                : 225 + random.Next(20);
        });
    }

    private static GreyImage Map(GreyImage image, Func<int, int, (int X, int Y)> from) => Filled((x, y) =>
    {
        var (column, row) = from(x, y);
        return image.Pixels[(row * Side) + column];
    });

    private static GreyImage Filled(Func<int, int, int> grey)
    {
        var pixels = new byte[Side * Side];
        for (var at = 0; at < pixels.Length; at++)
            pixels[at] = (byte)grey(at % Side, at / Side);
        return new GreyImage(Side, Side, pixels);
    }
}
