using CsCheck;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Tests.Evaluation;

public sealed class ConfusionMatrixTests
{
    // Truth 0 1 1 2 3 0, prediction 0 1 2 2 0 1.
    private static readonly ConfusionMatrix ByHand = ConfusionMatrix.Of(
        new LesionMask(3, 2, [0, 1, 1, 2, 3, 0]), new LesionMask(3, 2, [0, 1, 2, 2, 0, 1]));

    [Fact]
    public void Given_SixPixels_When_Counted_Then_DiceIsAsByHand()
    {
        ByHand.Dice([1]).ShouldBe(2.0 * 1 / (2 + 2));
        ByHand.Dice([2]).ShouldBe(2.0 * 1 / (1 + 2));
        ByHand.Dice([3]).ShouldBe(0);
        // Lesion or not: 1, 1, 2 are found, 3 is missed, one 0 is taken for a lesion.
        ByHand.Dice([1, 2, 3]).ShouldBe(2.0 * 3 / (4 + 4));
        ByHand.Correct.ShouldBe(3);
        ByHand.Total.ShouldBe(6);
    }

    [Fact]
    public void Given_SixPixels_When_Counted_Then_TheOtherScoresAreAsByHand()
    {
        ByHand.Precision([2]).ShouldBe(1.0 / 2);
        ByHand.Recall([2]).ShouldBe(1);
        ByHand.IntersectionOverUnion([2]).ShouldBe(1.0 / 2);
        ByHand.Accuracy([2]).ShouldBe(5.0 / 6);
        ByHand.Precision([3]).ShouldBeNull();
        ByHand.Recall([3]).ShouldBe(0);
        ByHand.Precision([1, 2, 3]).ShouldBe(3.0 / 4);
        ByHand.Recall([1, 2, 3]).ShouldBe(3.0 / 4);
        ByHand.IntersectionOverUnion([1, 2, 3]).ShouldBe(3.0 / 5);
        ByHand.Accuracy([1, 2, 3]).ShouldBe(4.0 / 6);
    }

    [Fact]
    public void Given_AClassOnNeitherSide_When_Scored_Then_ThereIsNoDice() =>
        ConfusionMatrix.Of(new LesionMask(1, 1, [0]), new LesionMask(1, 1, [0])).Dice([2]).ShouldBeNull();

    [Fact]
    public void Given_RandomMasks_When_Scored_Then_DiceEqualsSetArithmetic() =>
        Gen.Select(Gen.Byte[0, 3].Array[30], Gen.Byte[0, 3].Array[30]).Sample((truth, prediction) =>
        {
            var matrix = ConfusionMatrix.Of(new LesionMask(5, 6, truth), new LesionMask(5, 6, prediction));
            for (var label = 0; label < 4; label++)
            {
                var (a, b) = (Where(truth, label), Where(prediction, label));
                double? expected = a.Count + b.Count == 0 ? null : 2.0 * a.Intersect(b).Count() / (a.Count + b.Count);
                matrix.Dice([label]).ShouldBe(expected);
            }
        }, iter: 200, threads: 1);

    [Fact]
    public void Given_MasksOfTwoSizes_When_Counted_Then_ItIsRefused() =>
        Should.Throw<ArgumentException>(() => ConfusionMatrix.Of(new LesionMask(1, 2, [0, 0]), new LesionMask(2, 1, [0, 0])));

    private static List<int> Where(byte[] labels, int label) => [.. Enumerable.Range(0, labels.Length).Where(i => labels[i] == label)];
}
