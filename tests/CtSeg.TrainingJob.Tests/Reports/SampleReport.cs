using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Reports;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingRuns;
using SliceChange = CtSeg.TrainingJob.Reports.SliceChange;

namespace CtSeg.TrainingJob.Tests.Reports;

/// <summary>A run with all parts of a report.</summary>
internal static class SampleReport
{
    public static readonly DateTime Now = new(2026, 11, 24, 3, 40, 0, DateTimeKind.Utc);

    public static ReportContent Full(IReadOnlyList<ReportCase>? cases = null) => new(Run(TrainingRunState.Promoted), Now)
    {
        Champion = Model("2026.2", null, 'a'),
        Challenger = Model("2026.2-r20261124", "2026.2", 'b'),
        Decision = Decision(),
        Epochs = [.. Enumerable.Range(1, 24).Select(Epoch)],
        Groups = [.. Enumerable.Range(1, 9).Select(group => new GroupScores(Matrix(group, 60), Matrix(group, 75)))],
        WorstCases = cases ?? [.. Enumerable.Range(1, 12).Select(Case)],
        Data = new DataChanges(134, 41, 26, 8,
        [
            .. Enumerable.Range(0, 9).Select(number => Change(number, SliceChangeKind.Added, SliceOrigins.Correction, number % 4 == 0)),
            .. Enumerable.Range(20, 3).Select(number => Change(number, SliceChangeKind.Replaced, SliceOrigins.Correction, false)),
            .. Enumerable.Range(30, 25).Select(number => Change(number, SliceChangeKind.Added, SliceOrigins.Import, number % 5 == 0)),
        ]) { ChampionDataSet = "0f1e2d3c4b5a6978" },
        DecisionsOnSet = 4,
        Machines = ["AMD EPYC 7763 (cpu family 25, model 1, stepping 1), 2 cores"],
    };

    public static TrainingRunStatus Run(TrainingRunState state) => new(
        "20261124-020000-0a1b2c", state, 1, new TrainingRunRequest("schedule") { Shadow = new ShadowTerms() },
        [
            new TrainingRunStep(TrainingRunState.Requested, Now.AddMinutes(-100)), new TrainingRunStep(TrainingRunState.Training, Now.AddMinutes(-99)),
            new TrainingRunStep(TrainingRunState.Evaluating, Now.AddMinutes(-20)), new TrainingRunStep(state, Now),
        ])
    {
        DataSet = "89abcdef01234567",
        EvaluationSet = "76543210fedcba98",
        Champion = "2026.2",
        Challenger = "2026.2-r20261124",
        Progress = new TrainingRunProgress(24, 24, [], 0),
        Reason = "In no class that decides is the challenger worse than the margin allows, and over all lesions it gains at least 0.021 Dice.",
    };

    public static PromotionDecision Decision() => new(
        true, "It is better.", new ServedModel("2026.2", new string('a', 64)), new ServedModel("2026.2-r20261124", new string('b', 64)), new PromotionTerms(),
        "76543210fedcba98", 26, 8,
        new ComparedClass("infection", 8, 0.731, 0.768, 0.037, 0.021, true, true),
        [
            new ComparedClass("ground-glass-opacity", 8, 0.655, 0.702, 0.047, 0.018, true, true),
            new ComparedClass("consolidation", 6, 0.581, 0.574, -0.007, -0.026, true, false),
            new ComparedClass("pleural-effusion", 2, 0.402, null, null, null, false, false),
        ],
        Now)
    {
        Shadow = new ShadowSummary(50, 1, 0.183,
        [
            new ClassDisagreement("ground-glass-opacity", 120_334, 131_002, 109_211) { SlicesWithClass = 41 }, new ClassDisagreement("consolidation", 30_120, 28_733, 25_001),
            new ClassDisagreement("pleural-effusion", 0, 0, 0),
        ]),
    };

    public static ReportCase Case(int number)
    {
        const int side = 40;
        var grey = new byte[side * side];
        for (var at = 0; at < grey.Length; at++)
            grey[at] = (byte)(40 + number * 7 + (at % side * 3));
        return new ReportCase(
            Id(number), new GreyImage(side, side, grey), Block(side, 10, 10, 12, 1), Block(side, 10 + number, 10, 12, 1), Block(side, 12, 12, 12, 2));
    }

    public static LesionMask Block(int side, int left, int top, int size, byte label)
    {
        var labels = new byte[side * side];
        for (var y = top; y < top + size; y++)
            for (var x = left; x < Math.Min(side, left + size); x++)
                labels[y * side + x] = label;
        return new LesionMask(side, side, labels);
    }

    public static ScanId Id(int number) => ScanId.FromContent($"{number}", []);

    private static ModelManifest Model(string version, string? parent, char hash) => new()
    {
        Version = version,
        ParentVersion = parent,
        CreatedUtc = Now,
        Configuration = new ModelConfiguration(),
        Classes = ["background", "ground-glass-opacity", "consolidation", "pleural-effusion"],
        Preprocessing = new ModelPreprocessing(369, 369, "area", "grey"),
        WeightsSha256 = new string(hash, 64),
        WeightsLicence = "CC BY 4.0",
    };

    private static EpochRecord Epoch(int epoch) => new(
        epoch, 0.9 / Math.Sqrt(epoch) + 0.08, 1e-3,
        epoch % 3 != 0 ? null : new Dictionary<string, double?>
        {
            ["infection"] = 0.78 - 0.5 / epoch,
            ["ground-glass-opacity"] = 0.70 - 0.4 / epoch,
            ["consolidation"] = 0.60 - 0.5 / epoch,
            ["pleural-effusion"] = epoch < 9 ? null : 0.45 - 1.5 / epoch,
        },
        190);

    private static ConfusionMatrix Matrix(int group, int right) => ConfusionMatrix.FromCounts(
        [9000, 20 * group, 10, 0, 40, right * group, 5, 0, 20, 10, 3 * right, 0, 0, 0, 0, group > 6 ? right : 0]);

    private static SliceChange Change(int number, SliceChangeKind kind, string origin, bool locked) =>
        new(Id(number), kind, origin, locked, [9000, number % 3 == 0 ? 0 : 120, number % 2 == 0 && number % 3 != 0 ? 40 : 0, number % 7 == 1 ? 9 : 0]);
}
