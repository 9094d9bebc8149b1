using System.Text.Json.Serialization;
using CtSeg.Contracts;

namespace CtSeg.DataSets;

/// <summary><c>training-data/data-sets/{version}.json</c>: all slices as they were at one moment. It never changes.</summary>
/// <param name="Version">First 16 hexadecimal characters of SHA-256 over the entries: equal data have one version.</param>
/// <param name="Slices">In the order of their ids.</param>
public sealed record DataSet(string Version, DateTime CreatedAt, IReadOnlyList<DataSetSlice> Slices)
{
    public int SchemaVersion { get; init; } = 1;
}

/// <param name="Group">As <see cref="TrainingSlice.Group"/>, after groups that share a picture became one.</param>
public sealed record DataSetSlice(ScanId Id, string Group, string ImageSha256, PictureIdentity Picture, string MaskSha256)
{
    /// <summary>The slice's own group, where it bears the name of another that it was joined with.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OwnGroup { get; init; }

    /// <value>Both: whoever asks for either means this slice.</value>
    [JsonIgnore]
    public IReadOnlyList<string> Groups => OwnGroup is null ? [Group] : [Group, OwnGroup];
}

/// <summary><c>training-data/evaluation-sets/rule.json</c>: which groups are locked. Written once, so that no group ever changes sides.</summary>
/// <param name="Share">Of the groups that is locked, 0.05 to 0.5.</param>
/// <param name="Seed">A group is locked where a number drawn from seed and group lies below the share.</param>
public sealed record EvaluationRule(double Share, int Seed)
{
    public int SchemaVersion { get; init; } = 1;

    public static EvaluationRule Default { get; } = new(0.2, 1);

    internal bool IsPlausible => SchemaVersion == 1 && Share is >= 0.05 and <= 0.5;
}

/// <summary><c>training-data/evaluation-sets/{version}.json</c>: slices that no run learns from, on which a challenger must prove itself. It never changes.</summary>
/// <param name="Version">First 16 hexadecimal characters of SHA-256 over rule and entries: the same while the locked slices are.</param>
/// <param name="DataSet">The first version that it was a part of.</param>
/// <param name="Slices">In the order of their ids.</param>
public sealed record EvaluationSet(string Version, string DataSet, EvaluationRule Rule, DateTime CreatedAt, IReadOnlyList<ScanId> Slices)
{
    public int SchemaVersion { get; init; } = 1;
}
