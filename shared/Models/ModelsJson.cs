using System.Text.Json;
using System.Text.Json.Serialization;

namespace CtSeg.Models;

/// <summary>JSON of the documents in `models/`; unknown properties are ignored, so that newer documents stay readable.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    Converters = [typeof(AliasMoveKindConverter), typeof(AliasMoveStepConverter)])]
[JsonSerializable(typeof(ModelManifest))]
[JsonSerializable(typeof(CurrentModel))]
[JsonSerializable(typeof(AliasMove))]
[JsonSerializable(typeof(ShadowModel))]
[JsonSerializable(typeof(PromotionDecision))]
[JsonSerializable(typeof(TrainedOn))]
[JsonSerializable(typeof(ModelSignature))]
[JsonSerializable(typeof(ModelCatalogue))]
[JsonSerializable(typeof(IReadOnlyList<AuditedMove>))]
public sealed partial class ModelsJson : JsonSerializerContext;

internal sealed class AliasMoveKindConverter() : JsonStringEnumConverter<AliasMoveKind>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class AliasMoveStepConverter() : JsonStringEnumConverter<AliasMoveStep>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);
