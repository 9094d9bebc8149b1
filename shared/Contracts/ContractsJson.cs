using System.Text.Json;
using System.Text.Json.Serialization;
using CtSeg.Scans;

namespace CtSeg.Contracts;

/// <summary>
/// How every document and message of the contracts is written: camelCase, enumerations in kebab-case, without reflection.
/// A document that lacks a part is refused when it is read (<see cref="JsonException"/>).
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(ScanStateConverter), typeof(FailureReasonConverter)])]
[JsonSerializable(typeof(CloudEvent<SegmentationRequested>))]
[JsonSerializable(typeof(CloudEvent<SegmentationCompleted>))]
[JsonSerializable(typeof(CloudEvent<SegmentationFailed>))]
[JsonSerializable(typeof(ScanStatus))]
[JsonSerializable(typeof(ScanManifest))]
[JsonSerializable(typeof(ScanMetrics))]
[JsonSerializable(typeof(ScanPage))]
public sealed partial class ContractsJson : JsonSerializerContext;

internal sealed class ScanStateConverter() : JsonStringEnumConverter<ScanState>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class FailureReasonConverter() : JsonStringEnumConverter<FailureReason>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);
