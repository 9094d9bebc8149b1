using System.Text.Json.Serialization;

namespace CtSeg.Models;

/// <summary>Why the alias moves.</summary>
public enum AliasMoveKind
{
    /// <summary>A run's challenger passed the gate.</summary>
    Promotion,
    /// <summary>By hand, against or without a decision.</summary>
    Forced,
    /// <summary>Back to the model that served before.</summary>
    Rollback,
    /// <summary>The first model of an empty registry.</summary>
    Seed,
}

/// <summary>
/// One move of <c>models/current.json</c>, as <c>audit/alias-moves/</c> notes it: once before the write (<c>intended</c>) and once after
/// (<c>done</c> or <c>lost</c>). Notes are only ever added.
/// </summary>
/// <param name="Id">16 random hexadecimal characters.</param>
/// <param name="To">The model that is to serve.</param>
/// <param name="By">Who or what moved it: a run's id or a user's name.</param>
/// <param name="Time">UTC.</param>
public sealed record AliasMove(string Id, AliasMoveKind Kind, ServedModel To, string By, string Reason, DateTime Time)
{
    public int SchemaVersion { get; init; } = 1;

    /// <summary>The model that served; null where none did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ServedModel? From { get; init; }

    /// <summary>Id of the move that had put it there; null where none had.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? After { get; init; }

    /// <summary>SHA-256 of the decision that allowed it; <c>audit/decisions/</c> holds it under that name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DecisionSha256 { get; init; }
}

/// <summary>
/// Two are equal that name the same version and weights: versions never change, so the manifest's hash says no more about which model it is, and older
/// documents do not have it. It is there to be checked wherever the model is loaded.
/// </summary>
/// <param name="WeightsSha256">Of weights.safetensors, lower-case hexadecimal.</param>
public sealed record ServedModel(string Version, string WeightsSha256)
{
    /// <summary>Of the bytes of model.json, lower-case hexadecimal: other settings of the same weights make other masks. Null where nobody noted it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ManifestSha256 { get; init; }

    public bool Equals(ServedModel? other) => other is not null && Version == other.Version && WeightsSha256 == other.WeightsSha256;

    public override int GetHashCode() => HashCode.Combine(Version, WeightsSha256);
}

/// <summary><c>models/shadow.json</c>: a challenger that segments a share of the live slices too; nobody sees its masks.</summary>
/// <param name="Share">Of the slices, above 0 to 1.</param>
/// <param name="RunId">The run that waits for it.</param>
/// <param name="Until">UTC; it ends then, however many slices it saw.</param>
public sealed record ShadowModel(ServedModel Model, double Share, string RunId, DateTime StartedAt, DateTime Until);
