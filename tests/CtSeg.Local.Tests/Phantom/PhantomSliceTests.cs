using System.Security.Cryptography;
using CtSeg.Local.Phantom;
using CtSeg.Segmentation;

namespace CtSeg.Local.Tests.Phantom;

public sealed class PhantomSliceTests
{
    [Fact]
    public void Given_ASeed_When_GeneratedTwice_Then_TheBytesAreTheSame()
    {
        var (image, truth) = PhantomSlice.Generate(7, 128);
        var (again, truthAgain) = PhantomSlice.Generate(7, 128);
        again.Pixels.ShouldBe(image.Pixels);
        truthAgain.Labels.ShouldBe(truth.Labels);
        SHA256.HashData(PhantomSlice.Generate(8, 128).Image.Pixels).ShouldNotBe(SHA256.HashData(image.Pixels));
    }

    [Fact]
    public void Given_ManySeeds_When_Generated_Then_EverySliceHasLesionsInTheLungsAndAllClassesOccur()
    {
        var seen = new long[LesionMask.ClassCount];
        for (int seed = 0; seed < 30; seed++)
        {
            var (image, truth) = PhantomSlice.Generate(seed, 128);
            double share = truth.Labels.Count(l => l != 0) / (double)truth.Labels.Length;
            share.ShouldBeInRange(0.002, 0.35, $"seed {seed}");
            foreach (byte label in truth.Labels)
                seen[label]++;
            image.Pixels.Min().ShouldBeLessThan((byte)60);
            image.Pixels.Max().ShouldBe((byte)255);
        }
        seen.ShouldAllBe(pixels => pixels > 200);
    }

    // The grey values of the training slices' window: -1150 to 130 HU over 0 to 255.
    [Fact]
    public void Given_TheClasses_When_Generated_Then_DensityRisesFromLungToGroundGlassToConsolidation()
    {
        var sum = new double[LesionMask.ClassCount];
        var count = new double[LesionMask.ClassCount];
        for (int seed = 0; seed < 30; seed++)
        {
            var (image, truth) = PhantomSlice.Generate(seed, 128);
            for (int i = 0; i < truth.Labels.Length; i++)
            {
                sum[truth.Labels[i]] += image.Pixels[i];
                count[truth.Labels[i]]++;
            }
        }
        double Mean(LesionClass lesion) => sum[(int)lesion] / count[(int)lesion];
        Mean(LesionClass.GroundGlassOpacity).ShouldBeInRange(95, 165);
        Mean(LesionClass.Consolidation).ShouldBeInRange(185, 235);
        Mean(LesionClass.PleuralEffusion).ShouldBeInRange(220, 240);
    }
}
