using CtSeg.Segmentation;
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
    public void Given_NoPixels_When_Summed_Then_ThereIsNoError()
    {
        new CalibrationCounts().ExpectedError().ShouldBeNull();
        new CalibrationCounts().Overconfidence().ShouldBeNull();
        new CalibrationCounts().FilledBins().ShouldBeEmpty();
    }

    [Fact]
    public void Given_AMissedAndAFalseLesion_When_Counted_Then_OnlyWhatIsPredictedAsALesionCountsAsOne()
    {
        var (all, lesions) = CalibrationCounts.Of(new LesionMask(2, 2, [1, 0, 2, 0]), new LesionMask(2, 2, [0, 1, 2, 0]), [0.9f, 0.6f, 0.8f, 1]);
        all.FilledBins().Sum(bin => bin.Pixels).ShouldBe(4);
        lesions.FilledBins().Select(bin => (bin.Pixels, bin.Correct)).ShouldBe([(1, 0.0), (1, 1.0)]);
        lesions.FilledBins()[0].Overconfidence.ShouldBe(0.6, 1e-6);
        lesions.Overconfidence()!.Value.ShouldBe((0.6 + 0.8 - 1) / 2, 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Given_TruthDrawnFromTheProbabilities_When_Counted_Then_ThereIsNoErrorToSpeakOf(int seed)
    {
        var (all, lesions) = Drawn(seed, sharpness: 1);
        all.ExpectedError()!.Value.ShouldBeLessThan(0.01);
        lesions.ExpectedError()!.Value.ShouldBeLessThan(0.01);
        lesions.Overconfidence()!.Value.ShouldBe(0, 0.01);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(0.5, -1)]
    public void Given_ProbabilitiesSharperOrFlatterThanTheTruth_When_Counted_Then_TheSignTellsWhich(double sharpness, int sign)
    {
        foreach (var counts in new[] { Drawn(4, sharpness).All, Drawn(4, sharpness).OfLesions })
        {
            (sign * counts.Overconfidence()!.Value).ShouldBeGreaterThan(0.05);
            counts.FilledBins().Where(bin => bin.Pixels > 1000).ShouldAllBe(bin => sign * bin.Overconfidence > 0);
        }
    }

    /// <summary>Pixels of all shades of doubt, background the likeliest; their truth is drawn from probabilities that the network gives to the power of sharpness.</summary>
    private static (CalibrationCounts All, CalibrationCounts OfLesions) Drawn(int seed, double sharpness)
    {
        const int side = 500;
        var random = new Random(seed);
        var (truth, prediction, confidence) = (new byte[side * side], new byte[side * side], new float[side * side]);
        for (var pixel = 0; pixel < truth.Length; pixel++)
        {
            double[] logits = [.. Enumerable.Range(0, 4).Select(label => (4 * random.NextDouble()) + (label == 0 ? 1 : 0))];
            var (likely, given) = (Softmax(logits), Softmax([.. logits.Select(logit => sharpness * logit)]));
            var drawn = random.NextDouble();
            while (truth[pixel] < 3 && (drawn -= likely[truth[pixel]]) > 0)
                truth[pixel]++;
            confidence[pixel] = (float)given.Max();
            prediction[pixel] = (byte)Array.IndexOf(given, given.Max());
        }
        return CalibrationCounts.Of(new LesionMask(side, side, truth), new LesionMask(side, side, prediction), confidence);
    }

    private static double[] Softmax(double[] logits)
    {
        var sum = logits.Sum(Math.Exp);
        return [.. logits.Select(logit => Math.Exp(logit) / sum)];
    }
}
