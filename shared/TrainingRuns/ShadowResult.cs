using System.Text.Json.Serialization;
using CtSeg.Contracts;
using CtSeg.Models;

namespace CtSeg.TrainingRuns;

/// <summary><c>training-runs/{run}/shadow/{scan}.json</c>: how a challenger and the model in use disagree on one live slice. Written once.</summary>
/// <param name="Champion">That made the slice's result.</param>
/// <param name="Classes">One entry for each lesion class, in their order; empty where the challenger failed.</param>
/// <param name="Time">UTC.</param>
public sealed record ShadowResult(
    ScanId ScanId, string RunId, ModelReference Champion, ModelReference Challenger, IReadOnlyList<ClassDisagreement> Classes, DateTime Time)
{
    /// <summary>Name of all lesions as one class.</summary>
    public const string Infection = "infection";

    public int SchemaVersion { get; init; } = 1;

    /// <summary>Of all lesions as one class; null where the challenger failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ClassDisagreement? Overall { get; init; }

    /// <summary>Of the challenger, ms; null where it failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? InferenceMs { get; init; }

    /// <summary>One sentence: why the challenger has no mask; null where it has.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Failure { get; init; }

    /// <summary>Another model may have served when the slice was segmented.</summary>
    public bool IsOf(ServedModel champion, ServedModel challenger) => IsSame(Champion, champion) && IsSame(Challenger, challenger);

    private static bool IsSame(ModelReference one, ServedModel other) => one.Version == other?.Version && one.WeightsSha256 == other.WeightsSha256;
}
