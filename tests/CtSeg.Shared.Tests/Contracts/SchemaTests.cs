using System.Text.Json;
using System.Text.Json.Nodes;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingRuns;
using NJsonSchema;

namespace CtSeg.Shared.Tests.Contracts;

/// <summary>Every producer's JSON against its schema, and what the schemas must refuse.</summary>
public sealed class SchemaTests
{
    public static TheoryData<string> Names => [.. SchemaDocuments.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Given_Document_When_Validated_Then_FitsItsSchema(string name)
    {
        var (schema, json) = SchemaDocuments.All[name];
        (await LoadAsync(schema)).Validate(json).Select(error => error.ToString()).ShouldBeEmpty(json);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Given_DocumentWithAnyPartMissingOrAdded_When_Validated_Then_Refused(string name)
    {
        var (file, json) = SchemaDocuments.All[name];
        var schema = await LoadAsync(file);
        var optional = (string[])["traceparent", "pixelSpacing", "inputCheck", "warning", "manifestSha256", "moveId", "before", "from", "after", "decisionSha256", "shadow", "correctedBy", "beat", "askedAgain", "progress", "cancelRequested", "aliasMoveId", "minutes", "uploadedUntil", "replay", "minSlices", "slicesWithClass", "ownGroup", "start", "problem", "classOffsets", "temperature", "card", "meanPerImageInterval", "microDiceInterval", "meanClassDiceInterval"];
        // Elsewhere they must be there: of a model, of an erasure.
        var optionalPaths = (string[])["/request/epochs", "/data/challenger", "/masks", "/shortened"];
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
    [InlineData("model", "/configuration/classOffsets", "[0,0,1]")]
    [InlineData("model", "/configuration/classOffsets", "[0,0,11,0]")]
    [InlineData("model", "/configuration/temperature", "0")]
    [InlineData("model with a card", "/card", "null")]
    [InlineData("model with a card", "/card/dataLicence", "\"\"")]
    [InlineData("model with a card", "/card/documentation", "1")]
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
    [InlineData("status of a traced scan", "/traceparent", "\"abc\"")]
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
    [InlineData("decision of a chain", "/start/classes/0/gain", "1.5")]
    [InlineData("decision of a chain", "/start/groups", "-1")]
    [InlineData("decision of a chain whose start is gone", "/start/problem", "\"\"")]
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
        var (schema, json) = SchemaDocuments.All[name];
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
        var (schema, json) = SchemaDocuments.All[name];
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
        if (file == "card.json")
            json = InAModel(json);
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

    /// <summary>A card as the training that is given it writes it.</summary>
    private static string InAModel(string card)
    {
        var model = JsonNode.Parse(SchemaDocuments.All["model"].Json)!;
        model["card"] = JsonNode.Parse(card);
        return model.ToJsonString();
    }

    private static string ModelsFolder => Path.Combine(AppContext.BaseDirectory, "Models");

    private static string Again<T>(string json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        SchemaDocuments.Json(JsonSerializer.Deserialize(json, type)!, type);

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
