using System.Text.Json;
using System.Text.Json.Serialization;

namespace CtSeg.Contracts;

/// <summary>How every document and message of the contracts is written: camelCase, enumerations in kebab-case, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [typeof(ScanStateConverter), typeof(FailureReasonConverter)])]
[JsonSerializable(typeof(CloudEvent<SegmentationRequested>))]
[JsonSerializable(typeof(CloudEvent<SegmentationCompleted>))]
[JsonSerializable(typeof(CloudEvent<SegmentationFailed>))]
[JsonSerializable(typeof(ScanStatus))]
[JsonSerializable(typeof(ScanManifest))]
[JsonSerializable(typeof(ScanMetrics))]
public sealed partial class ContractsJson : JsonSerializerContext;

internal sealed class ScanStateConverter() : JsonStringEnumConverter<ScanState>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

internal sealed class FailureReasonConverter() : JsonStringEnumConverter<FailureReason>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);
