using System.Text.Json.Serialization;
using CtSeg.Measurements;

namespace CtSeg.Contracts;

/// <summary><c>results/{scanId}/metrics.json</c>: the measurements of a mask and what it was made with.</summary>
/// <param name="RequestId">Id of the event that led to this result (<c>{scanId}-{attempt}</c>).</param>
/// <param name="Lesions">One entry for each lesion class, in the order of the classes.</param>
public sealed record ScanMetrics(
    ScanId ScanId,
    string RequestId,
    string BlobName,
    string InputSha256,
    int Width,
    int Height,
    IReadOnlyList<LesionMeasurement> Lesions,
    ModelReference Model,
    PreprocessingSteps Preprocessing,
    StageDurations DurationsMs,
    DateTime CreatedAt)
{
    public int Version { get; init; } = 1;

    public PixelSpacing? PixelSpacing { get; init; }

    /// <summary>Null for a model that cannot tell.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public InputCheckResult? InputCheck { get; init; }
}

/// <param name="Version">Folder in <see cref="Containers.Models"/>.</param>
/// <param name="WeightsSha256">Of weights.safetensors, lower-case hexadecimal.</param>
public sealed record ModelReference(string Version, string WeightsSha256);

/// <summary>Wall times, ms.</summary>
public sealed record StageDurations(double Preprocess, double Inference);
