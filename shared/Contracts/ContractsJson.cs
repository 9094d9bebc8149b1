using System.Text.Json;
using System.Text.Json.Serialization;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Models;
using CtSeg.Scans;
using CtSeg.TrainingRuns;

namespace CtSeg.Contracts;

/// <summary>
/// How every document and message of the contracts is written: camelCase, enumerations in kebab-case, without reflection.
/// A document that lacks a part is refused when it is read (<see cref="JsonException"/>).
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters =
    [
        typeof(ScanStateConverter), typeof(FailureReasonConverter), typeof(CorrectionStateConverter), typeof(CorrectionReasonConverter),
        typeof(ErasureSubjectConverter), typeof(ErasureStateConverter),
        typeof(TrainingRunStateConverter), typeof(AliasMoveKindConverter),
    ])]
[JsonSerializable(typeof(CloudEvent<SegmentationRequested>))]
[JsonSerializable(typeof(CloudEvent<SegmentationCompleted>))]
[JsonSerializable(typeof(CloudEvent<SegmentationFailed>))]
[JsonSerializable(typeof(ScanStatus))]
[JsonSerializable(typeof(ScanManifest))]
[JsonSerializable(typeof(ScanMetrics))]
[JsonSerializable(typeof(ScanPage))]
[JsonSerializable(typeof(TrainingSlice))]
[JsonSerializable(typeof(DataSet))]
[JsonSerializable(typeof(EvaluationRule))]
[JsonSerializable(typeof(EvaluationSet))]
[JsonSerializable(typeof(LockedPictures))]
[JsonSerializable(typeof(GroupSalt))]
[JsonSerializable(typeof(CorrectionOutcome))]
[JsonSerializable(typeof(ErasureOrder))]
[JsonSerializable(typeof(ModelErasure))]
[JsonSerializable(typeof(TrainingRunStatus))]
[JsonSerializable(typeof(TrainingRunRequest))]
[JsonSerializable(typeof(ActiveTrainingRun))]
[JsonSerializable(typeof(TrainingRunPage))]
[JsonSerializable(typeof(ShadowResult))]
[JsonSerializable(typeof(CloudEvent<TrainingRequested>))]
[JsonSerializable(typeof(CloudEvent<TrainingEnded>))]
[JsonSerializable(typeof(CloudEvent<ModelRefused>))]
[JsonSerializable(typeof(CloudEvent<ModelChanged>))]
public sealed partial class ContractsJson : JsonSerializerContext;

internal sealed class ScanStateConverter() : JsonStringEnumConverter<ScanState>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class FailureReasonConverter() : JsonStringEnumConverter<FailureReason>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class CorrectionStateConverter() : JsonStringEnumConverter<CorrectionState>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class CorrectionReasonConverter() : JsonStringEnumConverter<CorrectionReason>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class ErasureSubjectConverter() : JsonStringEnumConverter<ErasureSubject>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class ErasureStateConverter() : JsonStringEnumConverter<ErasureState>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class TrainingRunStateConverter() : JsonStringEnumConverter<TrainingRunState>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);
