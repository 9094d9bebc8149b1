using CtSeg.TrainingJob.Training;
using CtSeg.TrainingJob.Training.Simulation;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Training.Simulation;

[Collection(TorchCollection.Name)]
public sealed class SimulatedConsolidationTests
{
    private const float Consolidation = 2;
    private const float Effusion = 3;

    [Fact]
    public void Given_AChest_When_AConsolidationIsAdded_Then_TheLowerLungIsAsBrightAsTissueAndTheRestStays()
    {
        using var scope = NewDisposeScope();
        var dense = new HashSet<string>();
        for (var seed = 0; seed < 40; seed++)
        {
            var (image, classes) = Add(seed);
            var (left, right, lower, upper) = (0, 0, 0, 0);
            for (var pixel = 0; pixel < image.Length; pixel++)
            {
                var (row, column) = (pixel / Chest.Side, pixel % Chest.Side);
                if (classes[Chest.Fine(pixel)] == Consolidation)
                {
                    Chest.IsLung(row, column).ShouldBeTrue();
                    // But for the smoothed edge.
                    if (Enumerable.Range(-1, 3).All(step => IsDense(classes, pixel + step) && IsDense(classes, pixel + (step * Chest.Side))))
                        image[pixel].ShouldBeInRange(Chest.Tissue - 0.25f, Chest.Tissue + 0.15f);
                    _ = Chest.IsLeft(row, column) ? left++ : right++;
                    _ = row > 48 ? lower++ : upper++;
                }
                else if (!Chest.IsLung(row, column))
                {
                    classes[Chest.Fine(pixel)].ShouldBe(0);
                    if (!Enumerable.Range(-1, 3).Any(step => Chest.IsLung(row + step, column) || Chest.IsLung(row, column + step)))
                        image[pixel].ShouldBe(Chest.Image[pixel]);
                }
            }
            lower.ShouldBeGreaterThan(upper);
            dense.Add($"{left > 0} {right > 0}");
        }
        dense.Order(StringComparer.Ordinal).ShouldBe(["False True", "True False", "True True"]);
    }

    [Fact]
    public void Given_AVesselInIt_When_AConsolidationIsAdded_Then_ItIsNowAndThenABronchusWithAirThatBelongsToNoLesion()
    {
        using var scope = NewDisposeScope();
        var vessel = Enumerable.Range(0, Chest.Image.Length).Where(pixel => Chest.IsVessel(pixel / Chest.Side, pixel % Chest.Side)).ToList();
        var (bronchi, filled) = (0, 0);
        for (var seed = 0; seed < 80; seed++)
        {
            var (image, classes) = Add(seed);
            if (vessel.All(pixel => image[pixel] == -Chest.Vessel))
            {
                vessel.ShouldAllBe(pixel => classes[Chest.Fine(pixel)] == 0);
                bronchi++;
            }
            filled += vessel.All(pixel => classes[Chest.Fine(pixel)] == Consolidation) ? 1 : 0;
        }
        bronchi.ShouldBeGreaterThan(0);
        filled.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Given_FluidAroundALung_When_AConsolidationIsAdded_Then_TheFluidStays()
    {
        using var scope = NewDisposeScope();
        var (image, mask) = SimulatedEffusion.Add(Chest.ToImage(), Chest.ToMask(), new Random(1))!.Value;
        var before = mask.data<float>().ToArray();
        for (var seed = 0; seed < 10; seed++)
        {
            var after = SimulatedConsolidation.Add(image, mask, new Random(seed))!.Value.Mask.data<float>().ToArray();
            after.Index().Where(pair => pair.Item == Effusion).Select(pair => pair.Index).ShouldBe(before.Index().Where(pair => pair.Item == Effusion).Select(pair => pair.Index));
            after.ShouldContain(Consolidation);
        }
    }

    [Fact]
    public void Given_ASeed_When_AConsolidationIsAddedTwice_Then_ItIsTheSame()
    {
        using var scope = NewDisposeScope();
        Add(1).Image.ShouldBe(Add(1).Image);
        Add(1).Image.ShouldNotBe(Add(2).Image);
    }

    [Fact]
    public void Given_ASliceWithoutLungs_When_OneIsToBeAdded_Then_ItStaysAsItIs()
    {
        using var scope = NewDisposeScope();
        SimulatedConsolidation.Add(ones(1, 1, 64, 64), zeros(1, 1, 64, 64), new Random(1)).ShouldBeNull();
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.5, 20, 60)]
    [InlineData(1, 80, 80)]
    public void Given_AShareOfConsolidations_When_AugmentedOften_Then_AboutSoManyViewsShowOne(double share, int fewest, int most)
    {
        using var scope = NewDisposeScope();
        var augmentation = new Augmentation(Chest.Side, seed: 1, new Variation { MinZoom = 0.9, MaxZoom = 0.9, MaxRotationDegrees = 5, Consolidations = share });
        Enumerable.Range(0, 80).Count(epoch => augmentation.Apply(Chest.ToImage(), Chest.ToMask(), epoch, slice: 0, view: 0).Mask.eq(2).any().item<bool>())
            .ShouldBeInRange(fewest, most);
    }

    private static (float[] Image, float[] Classes) Add(int seed)
    {
        var (image, mask) = SimulatedConsolidation.Add(Chest.ToImage(), Chest.ToMask(), new Random(seed)).ShouldNotBeNull();
        image.shape.ShouldBe([1, 1, Chest.Side, Chest.Side]);
        mask.shape.ShouldBe([1, 1, Chest.MaskSide, Chest.MaskSide]);
        return (image.data<float>().ToArray(), mask.data<float>().ToArray());
    }

    private static bool IsDense(float[] classes, int pixel) => classes[Chest.Fine(pixel)] == Consolidation;
}
