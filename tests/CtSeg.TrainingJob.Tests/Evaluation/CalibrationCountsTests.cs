using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Tests.Evaluation;

public sealed class CalibrationCountsTests
{
    [Fact]
    public void Given_FourPixelsInTwoBins_When_Summed_Then_TheErrorIsAsByHand()
    {
        var counts = new CalibrationCounts();
        counts.Add(0.95f, isCorrect: true);
        counts.Add(0.97f, isCorrect: false);
        counts.Add(0.50f, isCorrect: true);
        counts.Add(0.52f, isCorrect: true);
        // Bins 14 and 7: |1 - 1.92| and |2 - 1.02|, over four pixels.
        counts.ExpectedError()!.Value.ShouldBe((0.92 + 0.98) / 4, 1e-6);
    }

    [Fact]
    public void Given_CertaintyThatIsRight_When_Summed_Then_ThereIsNoError()
    {
        var counts = new CalibrationCounts();
        counts.Add(1, isCorrect: true);
        counts.Add(0, isCorrect: false);
        counts.ExpectedError().ShouldBe(0);
    }

    [Fact]
    public void Given_TwoParts_When_Added_Then_TheyCountAsOne()
    {
        var (one, other, both) = (new CalibrationCounts(), new CalibrationCounts(), new CalibrationCounts());
        one.Add(0.9f, isCorrect: true);
        other.Add(0.91f, isCorrect: false);
        both.Add(0.9f, isCorrect: true);
        both.Add(0.91f, isCorrect: false);
        CalibrationCounts.Sum([one, other]).ExpectedError().ShouldBe(both.ExpectedError());
        // Errors of opposite sign within a bin cancel out: the parts alone are worse.
        one.ExpectedError()!.Value.ShouldBe(0.1, 1e-6);
        both.ExpectedError()!.Value.ShouldBe((1.81 - 1) / 2, 1e-6);
    }

    [Fact]
    public void Given_NoPixels_When_Summed_Then_ThereIsNoError() => new CalibrationCounts().ExpectedError().ShouldBeNull();
}
