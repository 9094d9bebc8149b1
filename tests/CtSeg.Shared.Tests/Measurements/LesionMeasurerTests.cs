using CtSeg.Measurements;
using CtSeg.Segmentation;

namespace CtSeg.Shared.Tests.Measurements;

public sealed class LesionMeasurerTests
{
    private static readonly LesionMask Mask = new(5, 2, [0, 1, 1, 3, 0, 1, 0, 0, 0, 0]);

    [Fact]
    public void Given_AKnownSpacing_When_Measured_Then_PixelsShareAndAreaAreThoseCountedByHand() =>
        LesionMeasurer.Measure(Mask, new PixelSpacing(0.5, 0.8)).ShouldBe(
        [
            new LesionMeasurement("ground-glass-opacity", 3, 0.3, 3 * 0.5 * 0.8),
            new LesionMeasurement("consolidation", 0, 0, 0),
            new LesionMeasurement("pleural-effusion", 1, 0.1, 0.5 * 0.8),
        ]);

    [Fact]
    public void Given_NoSpacing_When_Measured_Then_NoAreaIsClaimed() =>
        LesionMeasurer.Measure(Mask, spacing: null).ShouldAllBe(m => m.AreaMm2 == null);

    [Fact]
    public void Given_AValueThatIsNoClass_When_Measured_Then_ItIsRefused() =>
        Should.Throw<ArgumentException>(() => LesionMeasurer.Measure(new LesionMask(1, 1, [4]), spacing: null));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, -1)]
    [InlineData(double.NaN, 1)]
    [InlineData(1, double.PositiveInfinity)]
    public void Given_AnImpossibleSpacing_When_Measured_Then_ItIsRefused(double row, double column) =>
        Should.Throw<ArgumentException>(() => LesionMeasurer.Measure(Mask, new PixelSpacing(row, column)));
}
