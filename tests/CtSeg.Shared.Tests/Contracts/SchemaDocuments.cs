using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Measurements;
using CtSeg.Models;
using CtSeg.TrainingRuns;

namespace CtSeg.Shared.Tests.Contracts;

/// <summary>One document of each form, as its producer writes it, with the name of its schema.</summary>
internal static class SchemaDocuments
{
    private static readonly ScanId Scan = ScanId.Parse("0011223344556677");
    private static readonly DateTime Now = new(2026, 11, 23, 15, 12, 5, 123, DateTimeKind.Utc);
    private static readonly ScanFailure Failure = new(FailureReason.TooLarge, "Too large.", "Send less.");
    private static readonly LesionMeasurement Lesion = new("consolidation", 12, 0.25, 3.5);
    private static readonly PreprocessingSteps Steps = new("mean", "area", 369, 369);
    private static readonly string Hash = new('b', 64);
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    public static readonly IReadOnlyDictionary<string, (string Schema, string Json)> All = new Dictionary<string, (string Schema, string Json)>
    {
        ["requested"] = ("segmentation-requested", Json(ScanEvents.Requested(Scan, 1, "/a", Now), ContractsJson.Default.CloudEventSegmentationRequested)),
        ["requested and traced"] = ("segmentation-requested", Json(ScanEvents.Requested(Scan, 2, "/a", Now, TraceParent), ContractsJson.Default.CloudEventSegmentationRequested)),
        ["completed"] = ("segmentation-completed", Json(ScanEvents.Completed(Metrics, "/a", Now), ContractsJson.Default.CloudEventSegmentationCompleted)),
        ["failed"] = ("segmentation-failed", Json(ScanEvents.Failed(Scan, 0, "a.png", Failure, "/a", Now), ContractsJson.Default.CloudEventSegmentationFailed)),
        ["status received"] = ("scan-status", Json(ScanStatus.Received(Scan, "a.png", Now), ContractsJson.Default.ScanStatus)),
        ["status of a traced scan"] = ("scan-status", Json(ScanStatus.Received(Scan, "a.png", Now) with { TraceParent = TraceParent }, ContractsJson.Default.ScanStatus)),
        ["status segmenting"] = ("scan-status", Json(ScanStatus.Received(Scan, "a.png", Now).Requested(1, Now).Segmenting(Now), ContractsJson.Default.ScanStatus)),
        ["status completed"] = ("scan-status", Json(ScanStatus.Received(Scan, "a.png", Now).Requested(1, Now).Completed(new ScanResultSummary("v1", [Lesion, Lesion with { AreaMm2 = null }]), Now), ContractsJson.Default.ScanStatus)),
        ["status completed with a warning"] = ("scan-status", Json(ScanStatus.Received(Scan, "a.png", Now).Requested(1, Now).Completed(ScanResultSummary.Of(Metrics with { InputCheck = InputCheckResult.Of(0.9) }), Now), ContractsJson.Default.ScanStatus)),
        ["status failed"] = ("scan-status", Json(ScanStatus.Received(Scan, "a.png", Now).Failed(Failure, Now), ContractsJson.Default.ScanStatus)),
        ["status replayed"] = ("scan-status", Json(ScanStatus.Received(Scan, "a.png", Now).Requested(1, Now).Failed(Failure, Now).Replayed($"{Scan}-1", Now), ContractsJson.Default.ScanStatus)),
        ["status received again"] = ("scan-status", Json(ScanStatus.Received(Scan, "a.png", Now).Failed(Failure, Now).ReceivedAgain(Now), ContractsJson.Default.ScanStatus)),
        ["manifest"] = ("scan-manifest", Json(Manifest, ContractsJson.Default.ScanManifest)),
        ["manifest with spacing"] = ("scan-manifest", Json(Manifest with { PixelSpacing = new PixelSpacing(0.7, 0.8) }, ContractsJson.Default.ScanManifest)),
        ["metrics"] = ("scan-metrics", Json(Metrics, ContractsJson.Default.ScanMetrics)),
        ["model"] = ("model", Json(Model, ModelsJson.Default.ModelManifest)),
        ["model with a card"] = ("model", Json(Model with { Card = new ModelCard("Slices.", "Free.", "Research.", "Diagnosis.", "docs/model-card.md") }, ModelsJson.Default.ModelManifest)),
        ["model untrained"] = ("model", Json(Model with { ParentVersion = null, Training = null, Scores = null }, ModelsJson.Default.ModelManifest)),
        ["model scored on little"] = ("model", Json(Model with { Scores = Scores(new ClassScore("infection", null, null, null, 0), null) }, ModelsJson.Default.ModelManifest)),
        ["current model"] = ("current-model", Json(new CurrentModel("2026.1", new string('b', 64)), ModelsJson.Default.CurrentModel)),
        ["current model after moves"] = ("current-model", Json(new CurrentModel("2026.1", Hash) { ManifestSha256 = Hash, MoveId = "0011223344556677", Before = [new ServedModel("2025.8", Hash), Served("2025.9")] }, ModelsJson.Default.CurrentModel)),
        ["first move"] = ("alias-move", Json(new AliasMove("0011223344556677", AliasMoveKind.Seed, new ServedModel("2026.1", Hash), "up", "The first.", Now), ModelsJson.Default.AliasMove)),
        ["move"] = ("alias-move", Json(Move, ModelsJson.Default.AliasMove)),
        ["move of models without manifest hashes"] = ("alias-move", Json(Move with { From = new ServedModel("2026.1", Hash), To = new ServedModel("2026.2", Hash) }, ModelsJson.Default.AliasMove)),
        ["trained on"] = ("trained-on", Json(new TrainedOn("2026.1", "0011223344556677", [new PictureIdentity(Hash, Hash)], [Hash]), ModelsJson.Default.TrainedOn)),
        ["trained on a folder"] = ("trained-on", Json(new TrainedOn("2026.1", null, [new PictureIdentity(Hash, Hash)], []), ModelsJson.Default.TrainedOn)),
        ["trained on with masks"] = ("trained-on", Json(new TrainedOn("2026.1", null, [new PictureIdentity(Hash, Hash)], []) { Masks = [new LearntMask(Hash, Hash)] }, ModelsJson.Default.TrainedOn)),
        ["decision"] = ("promotion-decision", Json(Decision, ModelsJson.Default.PromotionDecision)),
        ["decision after a shadow"] = ("promotion-decision", Json(Decision with { Shadow = new ShadowSummary(40, 1, 0.2, [new ClassDisagreement("consolidation", 5, 4, 3) { SlicesWithClass = 2 }]) }, ModelsJson.Default.PromotionDecision)),
        ["decision of a chain"] = ("promotion-decision", Json(Decision with { Start = new ChainComparison(Served("2025.9"), 9, [new ChainClass("infection", 9, 0.7, 0.75, 0.05, true, true), new ChainClass("consolidation", 0, null, null, null, false, false)]) }, ModelsJson.Default.PromotionDecision)),
        ["decision of a chain whose start is gone"] = ("promotion-decision", Json(Decision with { Start = new ChainComparison(Served("2025.9"), 0, []) { Problem = "It is gone." } }, ModelsJson.Default.PromotionDecision)),
        ["signature"] = ("model-signature", Json(ModelSignatures.Sign(ModelSignatures.NewKey().PrivateKey, BinaryData.FromString("{}"), Hash), ModelsJson.Default.ModelSignature)),
        ["model changed"] = ("model-changed", Json(TrainingEvents.Changed(Move, "/a", Now), ContractsJson.Default.CloudEventModelChanged)),
        ["model refused"] = ("model-refused", Json(TrainingEvents.Refused("a", new ModelRefused("2026.1", "Damaged.", "2025.9"), "/a", Now), ContractsJson.Default.CloudEventModelRefused)),
        ["only model refused"] = ("model-refused", Json(TrainingEvents.Refused("a", new ModelRefused("2026.1", "Damaged.", null), "/a", Now), ContractsJson.Default.CloudEventModelRefused)),
        ["metrics without a warning"] = ("scan-metrics", Json(Metrics with { InputCheck = InputCheckResult.Of(0.1) }, ContractsJson.Default.ScanMetrics)),
        ["training slice"] = ("training-slice", Json(Slice, ContractsJson.Default.TrainingSlice)),
        ["training slice of a correction"] = ("training-slice", Json(Slice with { Origin = new SliceOrigin(SliceOrigins.Correction, Now) { BlobName = "a.png", ModelVersion = "2026.1", CorrectedBy = "r1" } }, ContractsJson.Default.TrainingSlice)),
        ["data set"] = ("data-set", Json(new DataSet("0011223344556677", Now, [new DataSetSlice(Scan, "g", Slice.ImageSha256, Slice.Picture, Slice.MaskSha256)]), ContractsJson.Default.DataSet)),
        ["data set with joined groups"] = ("data-set", Json(new DataSet("0011223344556677", Now, [new DataSetSlice(Scan, "g", Slice.ImageSha256, Slice.Picture, Slice.MaskSha256) { OwnGroup = "h" }]), ContractsJson.Default.DataSet)),
        ["locked pictures"] = ("locked-pictures", Json(new LockedPictures([Slice.Picture]), ContractsJson.Default.LockedPictures)),
        ["evaluation rule"] = ("evaluation-rule", Json(EvaluationRule.Default, ContractsJson.Default.EvaluationRule)),
        ["evaluation set"] = ("evaluation-set", Json(new EvaluationSet("0011223344556677", "8899aabbccddeeff", EvaluationRule.Default, Now, [Scan]), ContractsJson.Default.EvaluationSet)),
        ["group salt"] = ("group-salt", Json(new GroupSalt(new string('0', 64)), ContractsJson.Default.GroupSalt)),
        ["shadow"] = ("shadow-model", Json(new ShadowModel(Served("2026.2"), 0.1, "20261123-151205-a1b2c3", Now, Now), ModelsJson.Default.ShadowModel)),
        ["shadow result"] = ("shadow-result", Json(Shadowed with { Overall = new ClassDisagreement(ShadowResult.Infection, 5, 4, 3), InferenceMs = 812.5, Classes = [.. ShadowSummaries.Sum([]).Classes.Select(one => one with { SlicesWithClass = null })] }, ContractsJson.Default.ShadowResult)),
        ["shadow that failed"] = ("shadow-result", Json(Shadowed with { Failure = "The challenger failed." }, ContractsJson.Default.ShadowResult)),
        ["metrics with spacing"] = ("scan-metrics", Json(Metrics with { PixelSpacing = new PixelSpacing(0.7, 0.8) }, ContractsJson.Default.ScanMetrics)),
        ["correction accepted"] = ("correction-outcome", Json(Outcome(CorrectionState.Accepted), ContractsJson.Default.CorrectionOutcome)),
        ["correction refused"] = ("correction-outcome", Json(Outcome(CorrectionState.Refused) with { Refusal = new CorrectionRefusal(CorrectionReason.WrongSize, "No.", "Yes.") }, ContractsJson.Default.CorrectionOutcome)),
        ["erasure of a group"] = ("erasure", Json(Erasure with { Subject = ErasureSubject.Group, Group = new string('a', 64) }, ContractsJson.Default.ErasureOrder)),
        ["erasure of a scan"] = ("erasure", Json(Erasure with { Scan = Scan, State = ErasureState.Done, Outcome = new ErasureOutcome(Now, 3, ["v1"], ["v2"], ["20261123-151205-abcdef"]) }, ContractsJson.Default.ErasureOrder)),
        ["mark of a model"] = ("model-erasure", Json(new ModelErasure("v1", true, [new ModelErasureEntry("20261123-151205-abcdef", Now, "Erased.")]), ContractsJson.Default.ModelErasure)),
        ["training requested"] = ("training-requested", Json(TrainingEvents.Requested(Run.Id, 1, "/a", Now), ContractsJson.Default.CloudEventTrainingRequested)),
        ["training requested and traced"] = ("training-requested", Json(TrainingEvents.Requested(Run.Id, 2, "/a", Now, TraceParent), ContractsJson.Default.CloudEventTrainingRequested)),
        ["training ended"] = ("training-ended", Json(TrainingEvents.Ended(Run.Ended(TrainingRunState.Skipped, "Nothing new.", Now), "/a", Now), ContractsJson.Default.CloudEventTrainingEnded)),
        ["training ended with a model"] = ("training-ended", Json(TrainingEvents.Ended(Compared.Ended(TrainingRunState.Promoted, "Better.", Now), "/a", Now), ContractsJson.Default.CloudEventTrainingEnded)),
        ["active training run"] = ("active-training-run", Json(new ActiveTrainingRun(Run.Id, Now, Run.Request), ContractsJson.Default.ActiveTrainingRun)),
        ["training run requested"] = ("training-run", Json(Run, ContractsJson.Default.TrainingRunStatus)),
        ["training run cancelled early"] = ("training-run", Json(Run.RequestedAgain(Now).Ended(TrainingRunState.Cancelled, "By hand.", Now), ContractsJson.Default.TrainingRunStatus)),
        ["training run in training"] = ("training-run", Json(Trained, ContractsJson.Default.TrainingRunStatus)),
        ["training run to be cancelled"] = ("training-run", Json(Trained with { CancelRequested = true, Progress = Trained.Progress! with { SecondsLeft = null } }, ContractsJson.Default.TrainingRunStatus)),
        ["training run that fits into its time"] = ("training-run", Json(Trained with { Shortened = new ShortenedTraining(2, 12.5) }, ContractsJson.Default.TrainingRunStatus)),
        ["training run in shadow"] = ("training-run", Json(Compared.Entered(TrainingRunState.Shadowing, Now), ContractsJson.Default.TrainingRunStatus)),
        ["training run promoted"] = ("training-run", Json((Compared with { AliasMoveId = "0011223344556677" }).Ended(TrainingRunState.Promoted, "Better.", Now), ContractsJson.Default.TrainingRunStatus)),
    };

    public static string Json<T>(T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type);

    private static CorrectionOutcome Outcome(CorrectionState state) => new(Scan, state, new string('a', 64), Now);

    private static ErasureOrder Erasure => new(
        "20261123-151205-abcdef", ErasureSubject.Scan, ErasureState.Open, Now,
        new ErasureFindings([Scan], [new PictureIdentity(new string('a', 64), new string('b', 64))], [new string('c', 64)], [new string('d', 64)], ["0011223344556677"], []))
    {
        UploadedUntil = Now,
    };

    private static ShadowResult Shadowed => new(
        Scan, "20261123-151205-a1b2c3", new ModelReference("2026.1", Hash), new ModelReference("2026.2", Hash), [], Now);

    private static ServedModel Served(string version) => new(version, Hash) { ManifestSha256 = new string('a', 64) };

    private static AliasMove Move => new("0011223344556677", AliasMoveKind.Promotion, Served("2026.2"), "20261123-151205-a1b2c3", "Better.", Now)
    {
        From = Served("2026.1"), After = "0011223344556678", DecisionSha256 = Hash,
    };

    private static PromotionDecision Decision => new(
        true, "Better.", new ServedModel("2026.1", Hash), new ServedModel("2026.2", Hash), new PromotionTerms(), "0011223344556677", 12, 9,
        new ComparedClass("infection", 9, 0.7, 0.75, 0.05, 0.01, true, true), [.. Enumerable.Repeat(new ComparedClass("pleural-effusion", 0, null, null, null, null, false, false), 3)], Now);

    private static ModelManifest Model => new()
    {
        Version = "2026.2",
        ParentVersion = "2026.1",
        CreatedUtc = Now,
        Configuration = new ModelConfiguration(),
        Classes = ["background", "ground-glass-opacity", "consolidation", "pleural-effusion"],
        Preprocessing = new ModelPreprocessing(369, 369, "area", "grey / 127.5 - 1"),
        Training = new TrainingRecord(new string('c', 64), 10, 5, ["g01"], 3, 0.5, ["a processor"], JsonSerializer.SerializeToElement(new { epochs = 3 })),
        Scores = Scores(new ClassScore("infection", 0.7, new ScoreInterval(0.6, 0.8), 0.65, 4) { MeanPerImageInterval = new ScoreInterval(0.5, 0.8) }, new AttentionEffect(0.1, 0.6, new ScoreInterval(-0.1, 0.7), 0.05, 0.5)),
        WeightsSha256 = new string('b', 64),
        WeightsLicence = "MIT",
    };

    private static ModelScores Scores(ClassScore infection, AttentionEffect? attention) => new(
        4, 1, new ForegroundScores(infection, [.. new[] { "ground-glass-opacity", "consolidation", "pleural-effusion" }.Select(name => infection with { Name = name })]),
        new PaperScores(0.9, 0.5, 0.9) { MicroDiceInterval = new ScoreInterval(0.8, 1), MeanClassDiceInterval = new ScoreInterval(0.4, 0.6) }, attention, "Read with care.");

    private static TrainingSlice Slice => new(
        Scan, "ct 1", "g", new string('a', 64), new PictureIdentity(new string('b', 64), new string('c', 64)), new string('d', 64), 2, 2, [1, 1, 1, 1],
        new SliceOrigin(SliceOrigins.Import, Now) { Source = "folder" });

    private static TrainingRunStatus Run => TrainingRunStatus.Requested(
        "20261127-020000-1a2b3c", new TrainingRunRequest("api") { Epochs = 3, Minutes = 1.5, Shadow = new ShadowTerms { MinSlices = 5 } }, Now);

    private static TrainingRunStatus Trained => Run.Entered(TrainingRunState.Training, Now) with
    {
        Beat = new RunBeat("0123456789abcdef", Now), DataSet = "0011223344556677", EvaluationSet = "8899aabbccddeeff", Champion = "2026.1",
        Progress = new TrainingRunProgress(1, 3, [0.5], 2.5),
    };

    private static TrainingRunStatus Compared => Trained.Entered(TrainingRunState.Evaluating, Now) with { Challenger = "20261127-020000-1a2b3c" };

    private static ScanManifest Manifest => new(Scan, "a.png", new string('a', 64), 1234, new SourceImage("png", 512, 512, 16, 1), Steps) { PreprocessMs = 6.5 };

    private static ScanMetrics Metrics => new(
        Scan, "0011223344556677-1", "a.png", new string('a', 64), 512, 512, [Lesion],
        new ModelReference("v1", new string('b', 64)), Steps, new StageDurations(6.5, 900), Now);
}
