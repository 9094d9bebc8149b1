using CtSeg.TrainingJob.Training.Simulation;

namespace CtSeg.TrainingJob.Tests.Training.Simulation;

public sealed class LungFieldsTests
{
    [Fact]
    public void Given_AChest_When_ItsLungsAreFound_Then_TheyHoldVesselAndOpacityAndNothingElse()
    {
        var lungs = LungFields.Find(Chest.Image, Chest.Classes, Chest.Side);
        lungs.All.ShouldBe([new LungField(18, 26, 42, 70), new LungField(54, 26, 78, 70)]);
        for (var pixel = 0; pixel < Chest.Image.Length; pixel++)
        {
            var (row, column) = (pixel / Chest.Side, pixel % Chest.Side);
            lungs.Of(pixel).ShouldBe(Chest.IsLeft(row, column) ? 0 : Chest.IsRight(row, column) ? 1 : -1);
            lungs.Hold(pixel).ShouldBe(Chest.IsLung(row, column));
        }
    }

    [Theory]
    [InlineData(-1f)]
    [InlineData(0.8f)]
    public void Given_ABlank_When_ItsLungsAreFound_Then_ThereAreNone(float grey) =>
        LungFields.Find(Enumerable.Repeat(grey, 64).ToArray(), new float[64], 8).All.ShouldBeEmpty();
}
