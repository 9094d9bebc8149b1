using System.Text.Json;
using System.Text.Json.Nodes;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Measurements;
using CtSeg.Models;
using CtSeg.TrainingRuns;
using NJsonSchema;

namespace CtSeg.Shared.Tests.Contracts;

/// <summary>Every producer's JSON against its schema, and what the schemas must refuse.</summary>
public sealed class SchemaTests
{
    private static readonly ScanId Scan = ScanId.Parse("0011223344556677");
    private static readonly DateTime Now = new(2026, 11, 23, 15, 12, 5, 123, DateTimeKind.Utc);
    private static readonly ScanFailure Failure = new(FailureReason.TooLarge, "Too large.", "Send less.");
    private static readonly LesionMeasurement Lesion = new("consolidation", 12, 0.25, 3.5);
    private static readonly PreprocessingSteps Steps = new("mean", "area", 369, 369);
    private static readonly string Hash = new('b', 64);
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static readonly Dictionary<string, (string Schema, string Json)> Documents = new()
    {
        ["requested"] = ("segmentation-requested", Json(ScanEvents.Requested(Scan, 1, "/a", Now), ContractsJson.Default.CloudEventSegmentationRequested)),
        ["requested and traced"] = ("segmentation-requested", Json(ScanEvents.Requested(Scan, 2, "/a", Now, TraceParent), ContractsJson.Default.CloudEventSegmentationRequested)),
        ["completed"] = ("segmentation-completed", Json(ScanEvents.Completed(Metrics, "/a", Now), ContractsJson.Default.CloudEventSegmentationCompleted)),
        ["failed"] = ("segmentation-failed", Json(ScanEvents.Failed(Scan, 0, "a.png", Failure, "/a", Now), ContractsJson.Default.CloudEventSegmentationFailed)),
        ["status received"] = ("scan-status", Json(ScanStatus.Received(Scan, "a.png", Now), ContractsJson.Default.ScanStatus)),
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
        ["training run in shadow"] = ("training-run", Json(Compared.Entered(TrainingRunState.Shadowing, Now), ContractsJson.Default.TrainingRunStatus)),
        ["training run promoted"] = ("training-run", Json((Compared with { AliasMoveId = "0011223344556677" }).Ended(TrainingRunState.Promoted, "Better.", Now), ContractsJson.Default.TrainingRunStatus)),
    };

    public static TheoryData<string> Names => [.. Documents.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Given_Document_When_Validated_Then_FitsItsSchema(string name)
    {
        var (schema, json) = Documents[name];
        (await LoadAsync(schema)).Validate(json).Select(error => error.ToString()).ShouldBeEmpty(json);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Given_DocumentWithAnyPartMissingOrAdded_When_Validated_Then_Refused(string name)
    {
        var (file, json) = Documents[name];
        var schema = await LoadAsync(file);
        var optional = (string[])["traceparent", "pixelSpacing", "inputCheck", "warning", "manifestSha256", "moveId", "before", "from", "after", "decisionSha256", "shadow", "correctedBy", "beat", "askedAgain", "progress", "cancelRequested", "aliasMoveId", "minutes", "uploadedUntil", "replay", "minSlices", "slicesWithClass", "ownGroup"];
        // Elsewhere they must be there: of a model, of an erasure.
        var optionalPaths = (string[])["/request/epochs", "/data/challenger", "/masks"];
        // The options of a training are the job's own affair.
        foreach (var path in Objects(JsonNode.Parse(json)!).Where(path => path != "/training/options"))
        {
            var added = JsonNode.Parse(json)!;
            ((JsonObject)At(added, path))["unknown"] = 1;
            schema.Validate(added.ToJsonString()).ShouldNotBeEmpty($"{path} with an unknown part");
            foreach (var part in ((JsonObject)At(JsonNode.Parse(json)!, path)).Select(p => p.Key).Except(optional).Where(part => !optionalPaths.Contains($"{path}/{part}")).ToList())
            {
                var without = JsonNode.Parse(json)!;
                ((JsonObject)At(without, path)).Remove(part);
                schema.Validate(without.ToJsonString()).ShouldNotBeEmpty($"{path} without {part}");
            }
        }
    }

    [Theory]
    [InlineData("requested", "/id", "\"0011223344556677\"")]
    [InlineData("requested", "/type", "\"ctseg.segmentation.completed.v1\"")]
    [InlineData("requested", "/subject", "\"00112233445566GG\"")]
    [InlineData("requested", "/time", "\"2026-11-23T16:12:05+01:00\"")]
    [InlineData("requested", "/data/attempt", "0")]
    [InlineData("requested", "/data/image", "\"../image.png\"")]
    [InlineData("failed", "/data/failure/reason", "\"other\"")]
    [InlineData("failed", "/data/failure/message", "\"\"")]
    [InlineData("status received", "/state", "\"failed\"")]
    [InlineData("status received", "/state", "\"completed\"")]
    [InlineData("status failed", "/state", "\"received\"")]
    [InlineData("status received", "/timeline", "[]")]
    [InlineData("status received", "/version", "2")]
    [InlineData("manifest", "/inputSha256", "\"abc\"")]
    [InlineData("manifest", "/original/kind", "\"gif\"")]
    [InlineData("metrics", "/lesions/0/share", "1.5")]
    [InlineData("metrics", "/lesions/0/class", "\"other\"")]
    [InlineData("metrics", "/pixelSpacing", "1")]
    [InlineData("model", "/version", "\"../other\"")]
    [InlineData("model", "/createdUtc", "\"2026-11-23T16:12:05+01:00\"")]
    [InlineData("model", "/configuration/architecture", "\"transformer\"")]
    [InlineData("model", "/configuration/attentionLevels", "[4]")]
    [InlineData("model", "/configuration/exactAttentionLevels", "[4]")]
    [InlineData("model", "/configuration/hash", "\"gaussian\"")]
    [InlineData("model", "/classes", "[\"background\"]")]
    [InlineData("model", "/training", "{}")]
    [InlineData("model", "/scores/foreground/infection/dice", "1.01")]
    [InlineData("model", "/weightsSha256", "\"\"")]
    [InlineData("training slice", "/maskSha256", "\"../salt\"")]
    [InlineData("training slice", "/picture/fingerprint", "\"0\"")]
    [InlineData("training slice", "/group", "\"\"")]
    [InlineData("training slice", "/classPixels", "[1,2,3]")]
    [InlineData("training slice", "/origin/kind", "\"found\"")]
    [InlineData("training slice", "/origin/time", "\"2026-11-23T16:12:05+01:00\"")]
    [InlineData("data set", "/version", "\"v1\"")]
    [InlineData("data set", "/slices/0/id", "\"1\"")]
    [InlineData("data set with joined groups", "/slices/0/ownGroup", "\"\"")]
    [InlineData("locked pictures", "/pictures/0/sha256", "\"abc\"")]
    [InlineData("evaluation rule", "/share", "0.6")]
    [InlineData("evaluation set", "/rule/share", "0")]
    [InlineData("evaluation set", "/slices", "[\"a\"]")]
    [InlineData("group salt", "/salt", "\"00\"")]
    [InlineData("correction accepted", "/state", "\"refused\"")]
    [InlineData("correction refused", "/state", "\"accepted\"")]
    [InlineData("correction refused", "/refusal/reason", "\"other\"")]
    [InlineData("erasure of a group", "/subject", "\"scan\"")]
    [InlineData("erasure of a group", "/state", "\"done\"")]
    [InlineData("erasure of a group", "/group", "\"patient 7\"")]
    [InlineData("erasure of a scan", "/found/images", "[\"slice-1.png\"]")]
    [InlineData("mark of a model", "/entries", "[]")]
    [InlineData("current model", "/version", "\"..\"")]
    [InlineData("current model", "/version", "\".hidden\"")]
    [InlineData("current model", "/weightsSha256", "null")]
    [InlineData("current model after moves", "/moveId", "\"1\"")]
    [InlineData("current model after moves", "/before/0/version", "\"../a\"")]
    [InlineData("current model after moves", "/manifestSha256", "\"\"")]
    [InlineData("current model after moves", "/before/1/manifestSha256", "\"abc\"")]
    [InlineData("move", "/to/manifestSha256", "null")]
    [InlineData("model changed", "/data/move/from/manifestSha256", "1")]
    [InlineData("shadow", "/model/manifestSha256", "\"abc\"")]
    [InlineData("move", "/kind", "\"luck\"")]
    [InlineData("move", "/by", "\"\"")]
    [InlineData("move", "/reason", "\"\"")]
    [InlineData("trained on", "/pictures/0/fingerprint", "\"a name\"")]
    [InlineData("trained on", "/groups", "[\"a name\"]")]
    [InlineData("trained on with masks", "/masks/0/mask", "\"a name\"")]
    [InlineData("trained on", "/dataSet", "\"a folder\"")]
    [InlineData("decision", "/terms/level", "1")]
    [InlineData("decision", "/overall/gain", "1.5")]
    [InlineData("decision", "/classes", "[]")]
    [InlineData("shadow", "/share", "0")]
    [InlineData("shadow", "/share", "1.1")]
    [InlineData("shadow", "/runId", "\"../runs\"")]
    [InlineData("shadow", "/model/version", "\"../x\"")]
    [InlineData("shadow result", "/classes", "[]")]
    [InlineData("shadow result", "/failure", "\"And yet.\"")]
    [InlineData("shadow result", "/overall/bothPixels", "-1")]
    [InlineData("shadow result", "/classes/0/name", "\"infection\"")]
    [InlineData("shadow that failed", "/failure", "\"\"")]
    [InlineData("signature", "/algorithm", "\"none\"")]
    [InlineData("signature", "/signature", "\"abc\"")]
    [InlineData("model changed", "/id", "\"0011223344556677-intended\"")]
    [InlineData("model changed", "/data/move/time", "\"2026-11-23T16:12:05+01:00\"")]
    [InlineData("model refused", "/data/reason", "\"\"")]
    [InlineData("training requested", "/subject", "\"../x\"")]
    [InlineData("training requested", "/data/attempt", "0")]
    [InlineData("training ended", "/data/state", "\"training\"")]
    [InlineData("training ended", "/data/reason", "\"\"")]
    [InlineData("active training run", "/runId", "\"active\"")]
    [InlineData("active training run", "/request/epochs", "0")]
    [InlineData("training run requested", "/state", "\"failed\"")]
    [InlineData("training run requested", "/state", "\"training\"")]
    [InlineData("training run in training", "/dataSet", "\"../x\"")]
    [InlineData("training run in training", "/state", "\"evaluating\"")]
    [InlineData("training run promoted", "/champion", "\".hidden\"")]
    [InlineData("training run promoted", "/beat", "{}")]
    public async Task Given_WrongValue_When_Validated_Then_Refused(string name, string path, string value)
    {
        var (schema, json) = Documents[name];
        var document = JsonNode.Parse(json)!;
        var parts = path.Split('/');
        ((JsonObject)At(document, string.Join('/', parts[..^1])))[parts[^1]] = JsonNode.Parse(value);
        (await LoadAsync(schema)).Validate(document.ToJsonString()).ShouldNotBeEmpty();
    }

    [Fact]
    public void Given_ReasonsAndStates_When_Compared_Then_SchemasListTheCodes()
    {
        EnumOf("correction-outcome", schema => schema.GetProperty("properties").GetProperty("refusal").GetProperty("properties").GetProperty("reason"))
            .ShouldBe(Enum.GetValues<CorrectionReason>().Select(r => JsonNamingPolicy.KebabCaseLower.ConvertName(r.ToString())));
        EnumOf("failure-reasons", schema => schema).ShouldBe(Enum.GetValues<FailureReason>().Select(r => JsonNamingPolicy.KebabCaseLower.ConvertName(r.ToString())));
        EnumOf("scan-status", schema => schema.GetProperty("definitions").GetProperty("state"))
            .ShouldBe(Enum.GetValues<ScanState>().Select(s => JsonNamingPolicy.KebabCaseLower.ConvertName(s.ToString())));
        EnumOf("training-run", schema => schema.GetProperty("definitions").GetProperty("state"))
            .ShouldBe(Enum.GetValues<TrainingRunState>().Select(s => JsonNamingPolicy.KebabCaseLower.ConvertName(s.ToString())));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"scanId":"0011223344556677","state":"received","attempt":0,"timeline":[]}""")]
    [InlineData("""{"scanId":"0011223344556677","blobName":null,"state":"received","attempt":0,"timeline":[]}""")]
    [InlineData("""{"scanId":"0011223344556677","blobName":"a","state":"lost","attempt":0,"timeline":[]}""")]
    [InlineData("""{"scanId":"0011223344556677","blobName":"a","state":1,"attempt":0,"timeline":[]}""")]
    public void Given_IncompleteDocument_When_Read_Then_Refused(string json) =>
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize(json, ContractsJson.Default.ScanStatus));

    [Theory]
    [MemberData(nameof(Names))]
    public void Given_Document_When_ReadBack_Then_SameJson(string name)
    {
        var (schema, json) = Documents[name];
        (schema switch
        {
            "segmentation-requested" => Again(json, ContractsJson.Default.CloudEventSegmentationRequested),
            "segmentation-completed" => Again(json, ContractsJson.Default.CloudEventSegmentationCompleted),
            "segmentation-failed" => Again(json, ContractsJson.Default.CloudEventSegmentationFailed),
            "scan-status" => Again(json, ContractsJson.Default.ScanStatus),
            "scan-manifest" => Again(json, ContractsJson.Default.ScanManifest),
            "training-requested" => Again(json, ContractsJson.Default.CloudEventTrainingRequested),
            "training-ended" => Again(json, ContractsJson.Default.CloudEventTrainingEnded),
            "active-training-run" => Again(json, ContractsJson.Default.ActiveTrainingRun),
            "training-run" => Again(json, ContractsJson.Default.TrainingRunStatus),
            "training-slice" => Again(json, ContractsJson.Default.TrainingSlice),
            "data-set" => Again(json, ContractsJson.Default.DataSet),
            "evaluation-rule" => Again(json, ContractsJson.Default.EvaluationRule),
            "locked-pictures" => Again(json, ContractsJson.Default.LockedPictures),
            "evaluation-set" => Again(json, ContractsJson.Default.EvaluationSet),
            "group-salt" => Again(json, ContractsJson.Default.GroupSalt),
            "correction-outcome" => Again(json, ContractsJson.Default.CorrectionOutcome),
            "erasure" => Again(json, ContractsJson.Default.ErasureOrder),
            "model-erasure" => Again(json, ContractsJson.Default.ModelErasure),
            "model" => Again(json, ModelsJson.Default.ModelManifest),
            "current-model" => Again(json, ModelsJson.Default.CurrentModel),
            "alias-move" => Again(json, ModelsJson.Default.AliasMove),
            "trained-on" => Again(json, ModelsJson.Default.TrainedOn),
            "promotion-decision" => Again(json, ModelsJson.Default.PromotionDecision),
            "model-signature" => Again(json, ModelsJson.Default.ModelSignature),
            "model-changed" => Again(json, ContractsJson.Default.CloudEventModelChanged),
            "shadow-model" => Again(json, ModelsJson.Default.ShadowModel),
            "shadow-result" => Again(json, ContractsJson.Default.ShadowResult),
            "model-refused" => Again(json, ContractsJson.Default.CloudEventModelRefused),
            _ => Again(json, ContractsJson.Default.ScanMetrics),
        }).ShouldBe(json);
    }

    public static TheoryData<string> CommittedModels =>
        [.. Directory.GetFiles(ModelsFolder, "*.json", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(ModelsFolder, path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(CommittedModels))]
    public async Task Given_ModelInTheRepository_When_Validated_Then_FitsItsSchema(string file)
    {
        var json = await File.ReadAllTextAsync(Path.Combine(ModelsFolder, file), TestContext.Current.CancellationToken);
        var schema = await LoadAsync(Path.GetFileName(file) switch { "current.json" => "current-model", "trained-on.json" => "trained-on", _ => "model" });
        schema.Validate(json).Select(error => error.ToString()).ShouldBeEmpty(file);
    }

    [Fact]
    public void Given_ModelsInTheRepository_When_Listed_Then_CurrentNamesOneOfThem()
    {
        CommittedModels.Count.ShouldBeGreaterThanOrEqualTo(3);
        var current = Read("current.json", ModelsJson.Default.CurrentModel);
        var named = Read(Path.Combine(current.Version, "model.json"), ModelsJson.Default.ModelManifest);
        (named.Version, named.WeightsSha256).ShouldBe((current.Version, current.WeightsSha256));

        static T Read<T>(string file, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
            JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(ModelsFolder, file)), type)!;
    }

    [Fact]
    public void Given_Architectures_When_Compared_Then_TheSchemaListsThem() =>
        EnumOf("model", schema => schema.GetProperty("definitions").GetProperty("configuration").GetProperty("properties").GetProperty("architecture"))
            .ShouldBe(Architectures.All);

    private static CorrectionOutcome Outcome(CorrectionState state) => new(Scan, state, new string('a', 64), Now);

    private static ErasureOrder Erasure => new(
        "20261123-151205-abcdef", ErasureSubject.Scan, ErasureState.Open, Now,
        new ErasureFindings([Scan], [new PictureIdentity(new string('a', 64), new string('b', 64))], [new string('c', 64)], [new string('d', 64)], ["0011223344556677"], []))
    {
        UploadedUntil = Now,
    };

    private static ShadowResult Shadowed => new(
        Scan, "20261123-151205-a1b2c3", new ModelReference("2026.1", Hash), new ModelReference("2026.2", Hash), [], Now);

    private static string ModelsFolder => Path.Combine(AppContext.BaseDirectory, "Models");

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
        Scores = Scores(new ClassScore("infection", 0.7, new ScoreInterval(0.6, 0.8), 0.65, 4), new AttentionEffect(0.1, 0.6, new ScoreInterval(-0.1, 0.7), 0.05, 0.5)),
        WeightsSha256 = new string('b', 64),
        WeightsLicence = "MIT",
    };

    private static ModelScores Scores(ClassScore infection, AttentionEffect? attention) => new(
        4, 1, new ForegroundScores(infection, [.. new[] { "ground-glass-opacity", "consolidation", "pleural-effusion" }.Select(name => infection with { Name = name })]),
        new PaperScores(0.9, 0.5, 0.9), attention, "Read with care.");

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

    private static string Again<T>(string json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        Json(JsonSerializer.Deserialize(json, type)!, type);

    private static string Json<T>(T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type);

    private static IEnumerable<string?> EnumOf(string name, Func<JsonElement, JsonElement> where) =>
        where(JsonDocument.Parse(File.ReadAllText(PathOf(name))).RootElement).GetProperty("enum").EnumerateArray().Select(e => e.GetString());

    private static Task<JsonSchema> LoadAsync(string name) => JsonSchema.FromFileAsync(PathOf(name), TestContext.Current.CancellationToken);

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Schemas", $"{name}.json");

    private static JsonNode At(JsonNode node, string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries)
        .Aggregate(node, (at, part) => at is JsonArray array ? array[int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)]! : at[part]!);

    private static IEnumerable<string> Objects(JsonNode node, string path = "")
    {
        if (node is JsonObject value)
        {
            yield return path;
            foreach (var (key, child) in value)
                foreach (var found in child is null ? [] : Objects(child, $"{path}/{key}"))
                    yield return found;
        }
        else if (node is JsonArray array)
        {
            for (var i = 0; i < array.Count; i++)
                foreach (var found in Objects(array[i]!, $"{path}/{i}"))
                    yield return found;
        }
    }
}
