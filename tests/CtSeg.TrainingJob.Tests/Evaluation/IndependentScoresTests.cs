using System.Text.Json;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Tests.Model;
using CtSeg.TrainingJob.Tests.Training;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.Evaluation;

/// <summary>The scores of `fixtures/evaluation/scores.json` come from make.py beside it: another language, other algorithms.</summary>
[Collection(TorchCollection.Name)]
public sealed class IndependentScoresTests
{
    private static readonly Lazy<JsonElement> Expected = new(() =>
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "evaluation", "scores.json")));
        return document.RootElement.Clone();
    });

    [Fact]
    public void Given_MasksScoredByAnotherProgram_When_Reported_Then_EveryFigureIsTheSame()
    {
        var expected = Expected.Value;
        var side = expected.GetProperty("side").GetInt32();
        var report = Report(expected.GetProperty("slices").EnumerateArray().Select((slice, index) => Prediction(slice, index, side)));

        EqualFindings(report, expected.GetProperty("findings"));
        EqualPaper(report, expected.GetProperty("paper"));
        report.ConfusionMatrix.ShouldBe(expected.GetProperty("confusion").Deserialize<long[][]>()!);
        Equal(report.Calibration, expected.GetProperty("calibration"));
        Equal(report.LesionCalibration, expected.GetProperty("lesionCalibration"));
    }

    [Fact]
    public void Given_PredictionsOfTwoSizes_When_Reported_Then_ForegroundScoresAreThoseOfTheMasksAndThePapersThoseOfTheNetwork()
    {
        var expected = Expected.Value.GetProperty("sizes");
        var report = Report(OfTwoSizes(expected, (_, index) => $"g{index / 2}"));

        EqualFindings(report, expected.GetProperty("findings"));
        EqualPaper(report, expected.GetProperty("paper"));
    }

    [Fact]
    public void Given_GroupsDrawnByAnotherProgram_When_Reported_Then_EveryIntervalIsTheSameButForTheLuckOfDraws()
    {
        var expected = Expected.Value.GetProperty("groups");
        var report = Report(OfTwoSizes(expected, (slice, _) => slice.GetProperty("group").GetString()!));

        // "least" and "most" are as far apart as the luck of so many draws makes them: make.py says how.
        expected.GetProperty("programDraws").GetInt32().ShouldBe(GroupBootstrap.Resamples);
        foreach (var interval in expected.GetProperty("intervals").EnumerateObject())
        {
            var score = Score(report, interval.Name);
            score.Value!.Value.ShouldBe(interval.Value.GetProperty("value").GetDouble(), 1e-9, interval.Name);
            IsWithin(score.Interval!.Low, interval.Value.GetProperty("low")).ShouldBeTrue($"{interval.Name}, low: {score.Interval.Low}");
            IsWithin(score.Interval.High, interval.Value.GetProperty("high")).ShouldBeTrue($"{interval.Name}, high: {score.Interval.High}");
        }
    }

    /// <summary>That the bounds above are narrow enough to tell: intervals of slices that are drawn one by one lie outside.</summary>
    [Fact]
    public void Given_SlicesDrawnOneByOne_When_ComparedWithGroups_Then_TheIntervalsDiffer()
    {
        var expected = Expected.Value.GetProperty("groups");
        var report = Report(OfTwoSizes(expected, (_, index) => $"s{index:00}"));
        foreach (var name in new[] { "infection dice", "infection meanPerImage", "infection hausdorffDistance95", "calibration expectedError", "lesionCalibration expectedError" })
        {
            var (interval, bounds) = (Score(report, name).Interval!, expected.GetProperty("intervals").GetProperty(name));
            interval.Low.ShouldBeGreaterThan(bounds.GetProperty("low").GetProperty("most").GetDouble(), name);
            interval.High.ShouldBeLessThan(bounds.GetProperty("high").GetProperty("least").GetDouble(), name);
        }
    }

    private static EvaluationReport Report(IEnumerable<SlicePrediction> predictions) => EvaluationReport.Create(
        [TrainingRunTests.Manifest(ResidualAttentionUNetTests.Tiny)], new Judgement(), "data", [.. predictions], effect: null, slicesOfTraining: 0);

    private static bool IsWithin(double bound, JsonElement expected) =>
        bound >= expected.GetProperty("least").GetDouble() - 1e-9 && bound <= expected.GetProperty("most").GetDouble() + 1e-9;

    private static IntervalScore Score(EvaluationReport report, string name) => name.Split(' ') switch
    {
        ["calibration", "expectedError"] => report.Calibration.ExpectedError,
        ["lesionCalibration", "expectedError"] => report.LesionCalibration.ExpectedError,
        ["paper", "micro"] => report.MicroDice,
        ["paper", "meanOfClasses"] => report.MeanClassDice,
        ["paper", "precisionOfClasses"] => report.MeanClassPrecision,
        [var finding, "dice"] => Finding(report, finding).Dice,
        [var finding, "meanPerImage"] => Finding(report, finding).MeanPerImage,
        [var finding, "hausdorffDistance95"] => Finding(report, finding).HausdorffDistance95,
        _ => throw new ArgumentException($"There is no score '{name}'.", nameof(name)),
    };

    private static FindingReport Finding(EvaluationReport report, string name) => report.Findings.Single(finding => finding.Name == name);

    private static void EqualFindings(EvaluationReport report, JsonElement expected)
    {
        foreach (var finding in report.Findings)
        {
            var figures = expected.GetProperty(finding.Name);
            finding.SlicesWithClass.ShouldBe(figures.GetProperty("slices").GetInt32());
            void Equal(double? score, string name) => score!.Value.ShouldBe(figures.GetProperty(name).GetDouble(), 1e-9, $"{finding.Name} {name}");
            Equal(finding.Dice.Value, "dice");
            Equal(finding.MeanPerImage.Value, "meanPerImage");
            Equal(finding.Precision.Value, "precision");
            Equal(finding.Recall.Value, "recall");
            Equal(finding.IntersectionOverUnion.Value, "intersectionOverUnion");
            Equal(finding.Accuracy.Value, "accuracy");
            Equal(finding.HausdorffDistance95.Value, "hausdorffDistance95");
        }
        foreach (var score in report.Scores.Foreground.Classes.Prepend(report.Scores.Foreground.Infection))
            score.MeanPerImage!.Value.ShouldBe(expected.GetProperty(score.Name).GetProperty("meanPerImage").GetDouble(), 1e-9, score.Name);
    }

    private static void EqualPaper(EvaluationReport report, JsonElement expected)
    {
        var scores = report.Scores.Paper;
        scores.MicroDice.ShouldBe(expected.GetProperty("micro").GetDouble(), 1e-9);
        scores.MeanClassDice.ShouldBe(expected.GetProperty("meanOfClasses").GetDouble(), 1e-9);
        scores.AllBackgroundMicroDice.ShouldBe(expected.GetProperty("nothing").GetDouble(), 1e-9);
        report.MeanClassPrecision.Value!.Value.ShouldBe(expected.GetProperty("precisionOfClasses").GetDouble(), 1e-9);
        report.MicroDice.Value.ShouldBe(scores.MicroDice);
        report.MeanClassDice.Value.ShouldBe(scores.MeanClassDice);
    }

    private static void Equal(CalibrationReport calibration, JsonElement expected)
    {
        calibration.ExpectedError.Value!.Value.ShouldBe(expected.GetProperty("expectedError").GetDouble(), 1e-9);
        calibration.Overconfidence.Value!.Value.ShouldBe(expected.GetProperty("overconfidence").GetDouble(), 1e-9);
        var bins = expected.GetProperty("bins");
        calibration.Bins.Count.ShouldBe(bins.GetArrayLength());
        foreach (var (bin, figures) in calibration.Bins.Zip(bins.EnumerateArray()))
        {
            bin.From.ShouldBe(figures.GetProperty("from").GetDouble(), 1e-9);
            bin.Pixels.ShouldBe(figures.GetProperty("pixels").GetInt64());
            bin.Overconfidence.ShouldBe(figures.GetProperty("overconfidence").GetDouble(), 1e-9);
        }
    }

    private static SlicePrediction Prediction(JsonElement slice, int index, int side)
    {
        var (truth, prediction) = (Mask(slice, "truth", side, side), Mask(slice, "prediction", side, side));
        var (all, lesions) = CalibrationCounts.Of(truth, prediction, [.. slice.GetProperty("confidence").EnumerateArray().Select(value => value.GetSingle())]);
        var labelled = new LabelledSlice($"s{index}", $"g{index / 2}", new GreyImage(side, side, new byte[side * side]), truth);
        return new SlicePrediction(labelled, prediction, prediction, all, lesions);
    }

    private static IEnumerable<SlicePrediction> OfTwoSizes(JsonElement part, Func<JsonElement, int, string> group)
    {
        (int Width, int Height) Size(string name) => (part.GetProperty(name)[1].GetInt32(), part.GetProperty(name)[0].GetInt32());
        var (mask, network) = (Size("mask"), Size("network"));
        return part.GetProperty("slices").EnumerateArray().Select((slice, index) =>
        {
            var (truth, prediction) = (Mask(slice, "truth", mask.Width, mask.Height), Mask(slice, "prediction", mask.Width, mask.Height));
            // In 256ths, which are the same number in single and double precision.
            var (all, lesions) = slice.TryGetProperty("confidence", out var confidence)
                ? CalibrationCounts.Of(truth, prediction, [.. Convert.FromHexString(confidence.GetString()!).Select(value => value / 256f)])
                : (new CalibrationCounts(), new CalibrationCounts());
            var image = new GreyImage(network.Width, network.Height, new byte[network.Width * network.Height]);
            return new SlicePrediction(
                new LabelledSlice($"s{index:00}", group(slice, index), image, truth), prediction, Mask(slice, "networkPrediction", network.Width, network.Height), all, lesions);
        });
    }

    private static LesionMask Mask(JsonElement slice, string name, int width, int height) =>
        new(width, height, [.. slice.GetProperty(name).GetString()!.Select(digit => (byte)(digit - '0'))]);
}
