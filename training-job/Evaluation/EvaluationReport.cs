using System.Globalization;
using System.Text.Json.Serialization;
using CtSeg.Models;
using CtSeg.Segmentation;

namespace CtSeg.TrainingJob.Evaluation;

/// <summary>All scores of one finding, pooled over the pixels of all slices at the masks' own size.</summary>
/// <param name="SlicesWithClass">Slices whose truth holds it.</param>
/// <param name="GroupsWithClass">Their groups.</param>
/// <param name="MeanPerImage">Mean Dice of the slices whose truth holds it; the others are left out.</param>
/// <param name="Accuracy">Of its presence at a pixel; high for whatever is rare.</param>
/// <param name="HausdorffDistance95">Mean over the slices where truth and prediction both hold it, pixels of the mask.</param>
/// <param name="SlicesWithDistance">Number of those slices.</param>
/// <param name="FalseAlarms">Where the truth does not hold it.</param>
internal sealed record FindingReport(
    string Name,
    int SlicesWithClass,
    int GroupsWithClass,
    IntervalScore Dice,
    IntervalScore MeanPerImage,
    IntervalScore Precision,
    IntervalScore Recall,
    IntervalScore Accuracy,
    IntervalScore IntersectionOverUnion,
    IntervalScore HausdorffDistance95,
    int SlicesWithDistance,
    FalseAlarms FalseAlarms);

/// <summary>What `ctseg-job evaluate` finds out.</summary>
/// <param name="MicroDice">Paper protocol: of all pixels and classes, background counted.</param>
/// <param name="MeanClassDice">Paper protocol: mean over the classes.</param>
/// <param name="MeanClassPrecision">Paper protocol: mean over the classes; one that is there and never predicted counts 0.</param>
/// <param name="ConfusionMatrix">Pixels at the masks' own size, [true class][predicted class].</param>
/// <param name="Calibration">Of all pixels.</param>
/// <param name="LesionCalibration">Of the pixels predicted as a lesion.</param>
/// <param name="Slices">One by one, the lowest infection Dice first.</param>
/// <param name="SlicesOfTraining">As <see cref="ScoredModels.SlicesOfTraining"/>.</param>
internal sealed record EvaluationReport(
    IReadOnlyList<ScoredModel> Models,
    string DataSha256,
    ModelScores Scores,
    IReadOnlyList<FindingReport> Findings,
    IntervalScore MicroDice,
    IntervalScore MeanClassDice,
    IntervalScore MeanClassPrecision,
    IReadOnlyList<IReadOnlyList<long>> ConfusionMatrix,
    CalibrationReport Calibration,
    CalibrationReport LesionCalibration,
    IReadOnlyList<SliceScore> Slices,
    int? SlicesOfTraining)
{
    /// <summary>How scores and their intervals are to be read.</summary>
    /// <param name="slicesOfTraining">As <see cref="SlicesOfTraining"/>.</param>
    public static string NoteOnTraining(int? slicesOfTraining) => slicesOfTraining switch
    {
        null => "Scored on other data than the model was trained with (another SHA-256): names of groups say nothing there, and a slice that is in both is not noticed. " + GroupBootstrap.Caveat,
        0 => Evaluator.Note,
        _ => $"{slicesOfTraining} of the scored slices are, or may be, among those that the model was trained on: their scores say nothing about new patients. {GroupBootstrap.Caveat}",
    };

    /// <summary>The same for a terminal.</summary>
    public static string LineOnTraining(int? slicesOfTraining) =>
        slicesOfTraining switch { null => "NOTE: ", 0 => "", _ => "CAUTION: " } + NoteOnTraining(slicesOfTraining);

    public static EvaluationReport Create(
        IReadOnlyList<ModelManifest> manifests,
        Judgement judgement,
        string dataSha256,
        IReadOnlyList<SlicePrediction> predictions,
        AttentionEffect? effect,
        int? slicesOfTraining)
    {
        var groups = GroupBootstrap.ByGroup(predictions, prediction => prediction.Slice.Group)
            .Select(group => new ScoredGroup([.. group], Evaluator.AtMaskSize(group), Evaluator.AtNetworkSize(group))).ToList();
        var sum = Evaluation.ConfusionMatrix.Sum(groups.Select(group => group.Matrix));
        return new EvaluationReport(
            [.. manifests.Select(manifest => ScoredModel.Of(manifest, judgement))],
            dataSha256,
            Evaluator.Score(predictions, effect, NoteOnTraining(slicesOfTraining)),
            [.. ForegroundProtocol.Findings.Select((finding, index) => Describe(finding.Name, finding.Labels, index, groups))],
            OfPaper(groups, PaperProtocol.MicroDice),
            OfPaper(groups, PaperProtocol.MeanClassDice),
            OfPaper(groups, PaperProtocol.MeanClassPrecision),
            [.. Enumerable.Range(0, LesionMask.ClassCount).Select(truth =>
                Enumerable.Range(0, LesionMask.ClassCount).Select(prediction => sum.Pixels(truth, prediction)).ToList())],
            CalibrationReport.Create([.. groups.Select(group => group.Calibration)]),
            CalibrationReport.Create([.. groups.Select(group => group.LesionCalibration)]),
            [.. groups.SelectMany(group => group.Slices).Select(SliceScore.Of)
                .OrderBy(slice => slice.Dice["infection"] ?? 1).ThenBy(slice => slice.Name, StringComparer.Ordinal)],
            slicesOfTraining);
    }

    private static IntervalScore OfPaper(List<ScoredGroup> groups, Func<ConfusionMatrix, double> score) =>
        GroupBootstrap.Score(groups, drawn => score(Evaluation.ConfusionMatrix.Sum(drawn.Select(group => group.AtNetworkSize))));

    private static FindingReport Describe(string name, int[] labels, int index, List<ScoredGroup> groups)
    {
        IntervalScore Pooled(Func<ConfusionMatrix, double?> score) =>
            GroupBootstrap.Score(groups, drawn => score(Evaluation.ConfusionMatrix.Sum(drawn.Select(group => group.Matrix))));
        IntervalScore MeanOf(Func<ScoredGroup, IReadOnlyList<double?>> values) =>
            new(groups.SelectMany(values).Average(), GroupBootstrap.IntervalOfMean([.. groups.Select(values)]));
        return new FindingReport(
            name,
            groups.Sum(group => group.Slices.Count(slice => slice.Matrix.Truth(labels) > 0)),
            groups.Count(group => group.Matrix.Truth(labels) > 0),
            Pooled(matrix => matrix.Dice(labels)),
            MeanOf(group => group.DiceOfImages[index]),
            Pooled(matrix => matrix.Precision(labels)),
            Pooled(matrix => matrix.Recall(labels)),
            Pooled(matrix => matrix.Accuracy(labels)),
            Pooled(matrix => matrix.IntersectionOverUnion(labels)),
            MeanOf(group => group.Distances[index]),
            groups.Sum(group => group.Distances[index].Count),
            FalseAlarms.Count(groups.SelectMany(group => group.Slices).Select(slice => slice.Matrix), labels));
    }

    /// <summary>A group with what its slices add to each score.</summary>
    private sealed class ScoredGroup(IReadOnlyList<SlicePrediction> predictions, IReadOnlyList<ScoredSlice> slices, IReadOnlyList<ScoredSlice> atNetworkSize)
    {
        public IReadOnlyList<ScoredSlice> Slices => slices;

        public ConfusionMatrix Matrix { get; } = Evaluation.ConfusionMatrix.Sum(slices.Select(slice => slice.Matrix));

        public ConfusionMatrix AtNetworkSize { get; } = Evaluation.ConfusionMatrix.Sum(atNetworkSize.Select(slice => slice.Matrix));

        public CalibrationCounts Calibration { get; } = CalibrationCounts.Sum(predictions.Select(prediction => prediction.Calibration));

        public CalibrationCounts LesionCalibration { get; } = CalibrationCounts.Sum(predictions.Select(prediction => prediction.LesionCalibration));

        /// <value>For every finding, the Dice of the slices that hold it.</value>
        public IReadOnlyList<IReadOnlyList<double?>> DiceOfImages { get; } =
        [
            .. ForegroundProtocol.Findings.Select(finding => ForegroundProtocol.DiceOfImages(slices.Select(slice => slice.Matrix), finding.Labels)),
        ];

        /// <value>For every finding, the distances of the slices that have one.</value>
        public IReadOnlyList<IReadOnlyList<double?>> Distances { get; } =
        [
            .. ForegroundProtocol.Findings.Select(finding => predictions
                .Select(prediction => HausdorffDistance.Percentile95(prediction.Slice.Mask, prediction.AtMaskSize, finding.Labels))
                .Where(distance => distance is not null).ToList()),
        ];
    }
}

/// <summary>One slice by the foreground protocol.</summary>
/// <param name="Dice">By finding; null where neither truth nor prediction holds it.</param>
/// <param name="LesionPixels">Of the truth.</param>
/// <param name="Pixels">16 counts at the mask's own size, true class by true class.</param>
internal sealed record SliceScore(string Name, string Group, IReadOnlyDictionary<string, double?> Dice, long LesionPixels, IReadOnlyList<long> Pixels)
{
    public static SliceScore Of(ScoredSlice slice) => new(
        slice.Name,
        slice.Group,
        ForegroundProtocol.Findings.ToDictionary(finding => finding.Name, finding => slice.Matrix.Dice(finding.Labels)),
        slice.Matrix.Truth([1, 2, 3]),
        slice.Matrix.Counts);
}

/// <summary>Which weights were scored, and how their logits became classes and probabilities.</summary>
internal sealed record ScoredModel(string Version, string WeightsSha256)
{
    public IReadOnlyList<double>? ClassOffsets { get; init; }

    public double? Temperature { get; init; }

    /// <returns>How logits were judged, in words; null where they were taken as they are.</returns>
    public string? JudgementText() => ClassOffsets is null && Temperature is null
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"logits: offsets {(ClassOffsets is null ? "none" : string.Join(' ', ClassOffsets))}, temperature {Temperature ?? 1}");

    public static ScoredModel Of(ModelManifest manifest, Judgement judgement)
    {
        var judged = judgement.In(manifest.Configuration);
        return new ScoredModel(manifest.Version, manifest.WeightsSha256) { ClassOffsets = judged.ClassOffsets, Temperature = judged.Temperature };
    }
}

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(EvaluationReport))]
internal sealed partial class EvaluationJson : JsonSerializerContext;
