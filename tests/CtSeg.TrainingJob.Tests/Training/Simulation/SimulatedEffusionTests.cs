using CtSeg.TrainingJob.Training;
using CtSeg.TrainingJob.Training.Simulation;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Training.Simulation;

[Collection(TorchCollection.Name)]
public sealed class SimulatedEffusionTests
{
    private const float Effusion = 3;

    [Fact]
    public void Given_AChest_When_AnEffusionIsAdded_Then_FluidLiesAtTheBackOfTheLungsAndIsAsBrightAsTissue()
    {
        using var scope = NewDisposeScope();
        var pressed = new HashSet<string>();
        for (var seed = 0; seed < 30; seed++)
        {
            var (image, classes) = Add(seed);
            var (left, right) = (0, 0);
            for (var pixel = 0; pixel < image.Length; pixel++)
            {
                if (classes[Chest.Fine(pixel)] != Effusion)
                    continue;
                var (row, column) = (pixel / Chest.Side, pixel % Chest.Side);
                (Chest.IsLung(row, column) && row > 30).ShouldBeTrue($"{row}, {column}");
                // Beside it the edge is smoothed.
                if (Enumerable.Range(-1, 3).All(step => classes[Chest.Fine(pixel + step)] == Effusion && classes[Chest.Fine(pixel + (step * Chest.Side))] == Effusion))
                    image[pixel].ShouldBeInRange(Chest.Tissue - 0.25f, Chest.Tissue + 0.15f);
                _ = Chest.IsLeft(row, column) ? left++ : right++;
            }
            (left + right).ShouldBeInRange(10, 900);
            pressed.Add($"{left > 0} {right > 0}");
        }
        pressed.Order(StringComparer.Ordinal).ShouldBe(["False True", "True False", "True True"]);
    }

    [Fact]
    public void Given_AChest_When_AnEffusionIsAdded_Then_WhatIsNoLungStaysAndTheOpacityMovesWithItsImage()
    {
        using var scope = NewDisposeScope();
        for (var seed = 0; seed < 30; seed++)
        {
            var (image, classes) = Add(seed);
            for (var pixel = 0; pixel < image.Length; pixel++)
            {
                var (row, column) = (pixel / Chest.Side, pixel % Chest.Side);
                var isNearLung = Enumerable.Range(-1, 3).Any(step => Chest.IsLung(row + step, column) || Chest.IsLung(row, column + step));
                if (!isNearLung)
                    image[pixel].ShouldBe(Chest.Image[pixel]);
                if (!Chest.IsLung(row, column))
                    classes[Chest.Fine(pixel)].ShouldBe(0);
                else if (classes[Chest.Fine(pixel)] != Effusion && !IsNearFluid(classes, pixel))
                    (image[pixel] == Chest.Opacity).ShouldBe(classes[Chest.Fine(pixel)] == 1, $"{row}, {column}");
            }
        }
    }

    [Fact]
    public void Given_ASeed_When_AnEffusionIsAddedTwice_Then_ItIsTheSame()
    {
        using var scope = NewDisposeScope();
        Add(1).Image.ShouldBe(Add(1).Image);
        Add(1).Image.ShouldNotBe(Add(2).Image);
    }

    [Fact]
    public void Given_ASliceWithAnEffusion_When_OneIsToBeAdded_Then_ItStaysAsItIs()
    {
        using var scope = NewDisposeScope();
        var mask = zeros(1, 1, Chest.MaskSide, Chest.MaskSide);
        mask[0, 0, 5, 5] = tensor(Effusion);
        SimulatedEffusion.Add(Chest.ToImage(), mask, new Random(1)).ShouldBeNull();
    }

    [Fact]
    public void Given_ASliceWithoutLungs_When_OneIsToBeAdded_Then_ItStaysAsItIs()
    {
        using var scope = NewDisposeScope();
        SimulatedEffusion.Add(ones(1, 1, 64, 64), zeros(1, 1, 64, 64), new Random(1)).ShouldBeNull();
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.5, 20, 60)]
    [InlineData(1, 80, 80)]
    public void Given_AShareOfEffusions_When_AugmentedOften_Then_AboutSoManyViewsShowOne(double share, int fewest, int most)
    {
        using var scope = NewDisposeScope();
        // The whole slice in the view, so that no effusion is cut off.
        var augmentation = new Augmentation(Chest.Side, seed: 1, new Variation { MinZoom = 0.9, MaxZoom = 0.9, MaxRotationDegrees = 5, Effusions = share });
        Enumerable.Range(0, 80).Count(epoch => augmentation.Apply(Chest.ToImage(), Chest.ToMask(), epoch, slice: 0, view: 0).Mask.eq(3).any().item<bool>())
            .ShouldBeInRange(fewest, most);
    }

    private static (float[] Image, float[] Classes) Add(int seed)
    {
        var (image, mask) = SimulatedEffusion.Add(Chest.ToImage(), Chest.ToMask(), new Random(seed)).ShouldNotBeNull();
        image.shape.ShouldBe([1, 1, Chest.Side, Chest.Side]);
        mask.shape.ShouldBe([1, 1, Chest.MaskSide, Chest.MaskSide]);
        return (image.data<float>().ToArray(), mask.data<float>().ToArray());
    }

    private static bool IsNearFluid(float[] classes, int pixel) => new[] { -1, 1, -Chest.Side, Chest.Side }.Any(step => classes[Chest.Fine(pixel + step)] == Effusion);
}
