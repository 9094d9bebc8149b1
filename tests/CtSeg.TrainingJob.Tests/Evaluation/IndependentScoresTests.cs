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
    [Fact]
    public void Given_MasksScoredByAnotherProgram_When_Reported_Then_EveryFigureIsTheSame()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "evaluation", "scores.json")));
        var expected = document.RootElement;
        var side = expected.GetProperty("side").GetInt32();
        var predictions = expected.GetProperty("slices").EnumerateArray().Select((slice, index) => Prediction(slice, index, side)).ToList();
        var report = EvaluationReport.Create(
            [TrainingRunTests.Manifest(ResidualAttentionUNetTests.Tiny)], new Judgement(), "data", predictions, effect: null, slicesOfTraining: 0);

        foreach (var finding in report.Findings)
        {
            var figures = expected.GetProperty("findings").GetProperty(finding.Name);
            finding.SlicesWithClass.ShouldBe(figures.GetProperty("slices").GetInt32());
            void Equal(IntervalScore score, string name) => score.Value!.Value.ShouldBe(figures.GetProperty(name).GetDouble(), 1e-9, $"{finding.Name} {name}");
            Equal(finding.Dice, "dice");
            Equal(finding.Precision, "precision");
            Equal(finding.Recall, "recall");
            Equal(finding.IntersectionOverUnion, "intersectionOverUnion");
            Equal(finding.Accuracy, "accuracy");
            Equal(finding.HausdorffDistance95, "hausdorffDistance95");
        }
        foreach (var score in report.Scores.Foreground.Classes.Prepend(report.Scores.Foreground.Infection))
            score.MeanPerImage!.Value.ShouldBe(expected.GetProperty("findings").GetProperty(score.Name).GetProperty("meanPerImage").GetDouble(), 1e-9, score.Name);
        var paper = expected.GetProperty("paper");
        report.Scores.Paper.MicroDice.ShouldBe(paper.GetProperty("micro").GetDouble(), 1e-9);
        report.Scores.Paper.MeanClassDice.ShouldBe(paper.GetProperty("meanOfClasses").GetDouble(), 1e-9);
        report.Scores.Paper.AllBackgroundMicroDice.ShouldBe(paper.GetProperty("nothing").GetDouble(), 1e-9);
        report.MicroDice.Value.ShouldBe(report.Scores.Paper.MicroDice);
        report.MeanClassDice.Value.ShouldBe(report.Scores.Paper.MeanClassDice);
        report.ConfusionMatrix.ShouldBe(expected.GetProperty("confusion").Deserialize<long[][]>()!);
        Equal(report.Calibration, expected.GetProperty("calibration"));
        Equal(report.LesionCalibration, expected.GetProperty("lesionCalibration"));
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
        LesionMask Mask(string name) => new(side, side, [.. slice.GetProperty(name).GetString()!.Select(digit => (byte)(digit - '0'))]);
        var (truth, prediction) = (Mask("truth"), Mask("prediction"));
        var (all, lesions) = CalibrationCounts.Of(truth, prediction, [.. slice.GetProperty("confidence").EnumerateArray().Select(value => value.GetSingle())]);
        var labelled = new LabelledSlice($"s{index}", $"g{index / 2}", new GreyImage(side, side, new byte[side * side]), truth);
        return new SlicePrediction(labelled, prediction, prediction, all, lesions);
    }
}
