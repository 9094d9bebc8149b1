using System.Text.Json;
using System.Text.Json.Serialization;
using CtSeg.Models;

namespace CtSeg.TrainingJob.Registry;

/// <summary>What `models show --json` answers.</summary>
/// <param name="Pictures">That it has learnt from; null where nobody knows.</param>
/// <param name="Moves">Of the alias, to it and away from it.</param>
internal sealed record ShownModel(
    ModelManifest Manifest, bool Serves, int? Pictures, ModelSignature? Signature, bool HoldsErasedData, PromotionDecision? Decision, IReadOnlyList<AuditedMove> Moves);

/// <summary>What `models promote --json` and `models rollback --json` answer.</summary>
/// <param name="Moved">Whether another model serves now than before.</param>
/// <param name="Reason">One sentence.</param>
internal sealed record MoveAnswer(bool Moved, string Reason, PromotionDecision? Decision, AliasMove? Move);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, Converters = [typeof(MoveKindConverter), typeof(MoveStepConverter)])]
[JsonSerializable(typeof(ShownModel))]
[JsonSerializable(typeof(MoveAnswer))]
internal sealed partial class RegistryJson : JsonSerializerContext;

internal sealed class MoveKindConverter() : JsonStringEnumConverter<AliasMoveKind>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class MoveStepConverter() : JsonStringEnumConverter<AliasMoveStep>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);
