using CtSeg.TrainingJob.Training.Simulation;

namespace CtSeg.TrainingJob.Tests.Training.Simulation;

public sealed class PressedLungsTests
{
    private const int Side = 100;

    // Two lungs, rows 10 to 90; in the first something that is no lung and too large for a vessel.
    private static readonly LungFields Lungs = LungFields.Find(
        [.. Enumerable.Range(0, Side * Side).Select(pixel => IsLung(pixel / Side, pixel % Side) ? -0.8f : 0.8f)], new float[Side * Side], Side);

    [Fact]
    public void Given_ALungWithAGap_When_ItIsPressed_Then_WhatMovesOutOfTheGapIsNoFluid()
    {
        var fluid = Press(16, 0);

        // The row 79 + 11.6 is the first that lies below the lung.
        Fluid(fluid, 82, 88, 12, 42).ShouldBe(7 * 31);
        Fluid(fluid, 0, 77, 0, Side - 1).ShouldBe(0);
    }

    [Fact]
    public void Given_TwoLungs_When_OneIsPressedLittle_Then_ItsThinLayerIsFluidToo()
    {
        var fluid = Press(16, 3);

        Fluid(fluid, 89, 89, 12, 42).ShouldBe(31);
        Fluid(fluid, 89, 89, 58, 88).ShouldBe(31);
        Fluid(fluid, 0, 86, 50, Side - 1).ShouldBe(0);
    }

    [Fact]
    public void Given_NoPressure_When_Pressed_Then_EveryPixelStays()
    {
        var pressed = PressedLungs.Press(Lungs, [new LungPressure(0, 0, 0.5), new LungPressure(0, 0, 0.5)], Side, Side);

        pressed.Sources.ShouldBe(Enumerable.Range(0, Side * Side));
        pressed.Fluid.ShouldAllBe(isFluid => !isFluid);
    }

    private static bool[] Press(double first, double second) =>
        PressedLungs.Press(Lungs, [new LungPressure(first, 0, 0.5), new LungPressure(second, 0, 0.5)], Side, Side).Fluid;

    private static bool IsLung(int row, int column) => row is >= 10 and <= 90 && column is (>= 8 and <= 46) or (>= 54 and <= 92) && !(row is >= 66 and <= 76 && column is >= 20 and <= 30);

    private static int Fluid(bool[] fluid, int top, int bottom, int left, int right) =>
        Enumerable.Range(0, fluid.Length).Count(pixel => fluid[pixel] && pixel / Side >= top && pixel / Side <= bottom && pixel % Side >= left && pixel % Side <= right);
}
