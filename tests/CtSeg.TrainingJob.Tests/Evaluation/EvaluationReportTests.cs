using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Tests.Model;
using CtSeg.TrainingJob.Tests.Training;
using CtSeg.TrainingJob.Training;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Evaluation;

[Collection(TorchCollection.Name)]
public sealed class EvaluationReportTests
{
    private static readonly SlicePrediction[] Predictions =
    [
        Prediction("a", "g1", [1, 1, 0, 0], [1, 0, 0, 0]),
        Prediction("b", "g1", [0, 0, 0, 0], [0, 1, 0, 0]),
        Prediction("c", "g2", [1, 2, 2, 0], [1, 2, 2, 3]),
    ];

    [Fact]
    public void Given_ThreeSlices_When_Reported_Then_FiguresAreAsByHand()
    {
        var report = Report();
        var infection = report.Findings[0];
        infection.SlicesWithClass.ShouldBe(2);
        infection.GroupsWithClass.ShouldBe(2);
        infection.Dice.Value!.Value.ShouldBe(2.0 * 4 / 11, 1e-12);
        // Slice a: 2/3, c: 6/7; b has no truth.
        infection.MeanPerImage.Value!.Value.ShouldBe(((2.0 / 3) + (6.0 / 7)) / 2, 1e-12);
        infection.MeanPerImage.Interval!.Low.ShouldBe(2.0 / 3, 1e-12);
        infection.MeanPerImage.Interval.High.ShouldBe(6.0 / 7, 1e-12);
        report.Findings[3].MeanPerImage.ShouldBe(new IntervalScore(null, null));
        infection.Precision.Value!.Value.ShouldBe(4.0 / 6, 1e-12);
        infection.Recall.Value!.Value.ShouldBe(4.0 / 5, 1e-12);
        infection.IntersectionOverUnion.Value!.Value.ShouldBe(4.0 / 7, 1e-12);
        infection.Accuracy.Value!.Value.ShouldBe(9.0 / 12, 1e-12);
        // Group 1 alone: 1 right of 3; group 2 alone: 3 right of 4.
        infection.IntersectionOverUnion.Interval!.Low.ShouldBe(1.0 / 3, 1e-12);
        infection.IntersectionOverUnion.Interval.High.ShouldBe(3.0 / 4, 1e-12);
        report.ConfusionMatrix.ShouldBe([[5, 1, 0, 1], [1, 2, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]);
        Enumerable.Range(0, 16).Select(at => report.Slices.Sum(slice => slice.Pixels[at])).ShouldBe(report.ConfusionMatrix.SelectMany(row => row));
        // Slice a: outlines {(0,0), (1,0)} and {(0,0)}, 0 and 1 pixel away; b has no truth; c: a fourth pixel, 1 away from two of the other three.
        infection.SlicesWithDistance.ShouldBe(2);
        infection.HausdorffDistance95.Value!.Value.ShouldBe((0.95 + 0.85) / 2, 1e-12);
        report.Findings[3].Dice.Value.ShouldBe(0);
        report.Findings[3].Recall.Value.ShouldBeNull();
        report.Findings[3].HausdorffDistance95.ShouldBe(new IntervalScore(null, null));
        report.SlicesOfTraining.ShouldBe(2);
        // Ground-glass opacity is missing in b alone, where one pixel has it; effusion everywhere, and c shows one pixel of it.
        report.Findings[1].FalseAlarms.ShouldBe(new FalseAlarms(1, 0, 1));
        report.Findings[3].FalseAlarms.ShouldBe(new FalseAlarms(3, 0, 1));
    }

    [Theory]
    [InlineData(2, "CAUTION: 2 of the scored slices")]
    [InlineData(null, "NOTE: Scored on other data than the model was trained with")]
    [InlineData(0, null)]
    public void Given_AReport_When_WrittenAsText_Then_ItSaysWhatTheScoresTellAndByWhichRule(int? slicesOfTraining, string? note)
    {
        using var output = new StringWriter();
        EvaluationText.Write(output, Report(slicesOfTraining), worst: 0);
        var text = output.ToString();
        text.ShouldContain("0.762 [0.667, 0.857]");
        text.ShouldContain(ForegroundProtocol.RuleOfImages);
        text.ShouldContain(GroupBootstrap.Caveat);
        text.ShouldContain("pleural-effusion: more than 100 pixels in 0 of 3 slices without it; pixels in all of them: 1");
        // Right of those given: 5 of 6, 2 of 3, 2 of 2, 0 of 1. Group 1 has two classes, group 2 a background that is never predicted.
        text.ShouldContain(", precision 0.625 [0.500, 0.667]");
        Report(slicesOfTraining).Scores.Note.ShouldEndWith(GroupBootstrap.Caveat);
        text.ShouldContain("pixels predicted as a lesion: 0.250 [0.250, 0.250], probability - share correct +0.250 [+0.250, +0.250]: overconfident");
        text.ShouldContain("all pixels: 0.250 [0.250, 0.250], probability - share correct -0.250 [-0.250, -0.250]: underconfident");
        if (note is null)
            text.ShouldNotContain("other data");
        else
            text.ShouldContain(note);
    }

    [Fact]
    public void Given_ANetwork_When_Predicted_Then_CalibrationIsThatOfItsProbabilities()
    {
        manual_seed(3);
        using var network = new CtSeg.TrainingJob.Model.ResidualAttentionUNet(ResidualAttentionUNetTests.Tiny);
        network.eval();
        var random = new Random(1);
        var image = new byte[32 * 32];
        random.NextBytes(image);
        var slice = new LabelledSlice("s", "g", new GreyImage(32, 32, image), new LesionMask(48, 48, [.. Enumerable.Range(0, 48 * 48).Select(_ => (byte)random.Next(4))]));
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var input = tensor(image, [1, 1, 32, 32], ScalarType.Byte).to(ScalarType.Float32).div(127.5).sub(1);
        // Every class somewhere: weights of chance prefer one everywhere.
        network.state_dict()["classifier.bias"].sub_(network.call(input).mean([0, 2, 3]));
        var prediction = Evaluator.Predict(network, [slice], TestContext.Current.CancellationToken).ShouldHaveSingleItem();
        var logits = network.call(input);
        var scaled = nn.functional.interpolate(logits, [48, 48], mode: InterpolationMode.Bilinear, align_corners: false);
        var (confidence, labels) = scaled.softmax(1).max(1);
        var right = labels.flatten().eq(tensor(slice.Mask.Labels).to(ScalarType.Int64));
        double Error(Tensor chosen)
        {
            var error = 0.0;
            for (var bin = 0; bin < 15; bin++)
            {
                var inside = confidence.flatten().mul(15).floor().eq(bin).logical_and(chosen);
                error += Math.Abs(right.logical_and(inside).sum().item<long>() - confidence.flatten().masked_select(inside).to(ScalarType.Float64).sum().item<double>());
            }
            return error / chosen.sum().item<long>();
        }
        prediction.Calibration.ExpectedError()!.Value.ShouldBe(Error(labels.flatten().ge(0)), 1e-6);
        var lesions = labels.flatten().gt(0);
        lesions.sum().item<long>().ShouldBeInRange(1, (48 * 48) - 1);
        prediction.LesionCalibration.ExpectedError()!.Value.ShouldBe(Error(lesions), 1e-6);
        prediction.AtMaskSize.Labels.ShouldBe(labels.to(ScalarType.Byte).flatten().data<byte>().ToArray());
    }

    [Fact]
    public void Given_AModelsJudgementAndAnother_When_Reported_Then_ItSaysWhichMadeTheScores()
    {
        var own = ResidualAttentionUNetTests.Tiny with { ClassOffsets = [0, 0, 0.5, 0], Temperature = 2 };
        Text(Report(configuration: own)).ShouldContain("logits: offsets 0 0 0.5 0, temperature 2");
        Text(Report(configuration: own, judgement: new Judgement { Temperature = 1 })).ShouldContain("logits: offsets 0 0 0.5 0, temperature 1");
        Text(Report(judgement: new Judgement { ClassOffsets = [0, 1, 0, 0] })).ShouldContain("logits: offsets 0 1 0 0, temperature 1");
        Text(Report()).ShouldNotContain("logits:");
    }

    private static string Text(EvaluationReport report)
    {
        using var text = new StringWriter();
        EvaluationText.Write(text, report, worst: 0);
        return text.ToString();
    }

    private static EvaluationReport Report(int? slicesOfTraining = 2, ModelConfiguration? configuration = null, Judgement? judgement = null)
    {
        var manifest = TrainingRunTests.Manifest(configuration ?? ResidualAttentionUNetTests.Tiny);
        return EvaluationReport.Create([manifest], judgement ?? new Judgement(), "data", Predictions, effect: null, slicesOfTraining);
    }

    private static SlicePrediction Prediction(string name, string group, byte[] truth, byte[] prediction)
    {
        var slice = new LabelledSlice(name, group, new GreyImage(2, 2, new byte[4]), new LesionMask(2, 2, truth));
        var mask = new LesionMask(2, 2, prediction);
        var (tooLow, tooHigh) = (new CalibrationCounts(), new CalibrationCounts());
        tooLow.Add(0.75f, isCorrect: true);
        tooHigh.Add(0.25f, isCorrect: false);
        return new SlicePrediction(slice, mask, mask, tooLow, tooHigh);
    }
}
