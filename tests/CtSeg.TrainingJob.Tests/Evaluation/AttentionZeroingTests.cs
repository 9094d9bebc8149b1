using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.Evaluation;

public sealed class AttentionZeroingTests
{
    [Fact]
    public void Given_PredictionsWithAndWithoutAttention_When_Compared_Then_LossAndIntervalAreAsByHand()
    {
        // Group 1: 1 against 0.5; group 2: the same on both sides.
        var effect = AttentionZeroing.Effect(
            [Prediction("g1", [1, 2, 0, 0], [1, 2, 0, 0]), Prediction("g2", [1, 1, 0, 0], [1, 1, 1, 1])],
            [Prediction("g1", [1, 2, 0, 0], [1, 0, 3, 0]), Prediction("g2", [1, 1, 0, 0], [1, 1, 1, 1])])!;
        effect.InfectionDice!.Value.ShouldBe(2.0 * 3 / 10, 1e-12);
        effect.InfectionDiceLost!.Value.ShouldBe((2.0 * 4 / 10) - (2.0 * 3 / 10), 1e-12);
        effect.LostInterval!.Low.ShouldBe(0, 1e-12);
        effect.LostInterval.High.ShouldBe(0.5, 1e-12);
        effect.ChangedPixels.ShouldBe(2.0 / 8, 1e-12);
        effect.ChangedLesionPixels.ShouldBe(2.0 / 7, 1e-12);
    }

    [Fact]
    public void Given_ANetworkWithoutAttention_When_Compared_Then_ThereIsNoEffect() =>
        AttentionZeroing.Effect([Prediction("g1", [1, 0, 0, 0], [1, 0, 0, 0])], []).ShouldBeNull();

    private static SlicePrediction Prediction(string group, byte[] truth, byte[] prediction)
    {
        var slice = new LabelledSlice(group, group, new GreyImage(2, 2, new byte[4]), new LesionMask(2, 2, truth));
        var mask = new LesionMask(2, 2, prediction);
        return new SlicePrediction(slice, mask, mask, new CalibrationCounts(), new CalibrationCounts());
    }
}
