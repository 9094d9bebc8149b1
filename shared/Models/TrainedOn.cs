using CtSeg.DataSets;

namespace CtSeg.Models;

/// <summary>
/// <c>models/{version}/trained-on.json</c>: what a model and all its ancestors have learnt from or were chosen by, so that no score is taken on it and an
/// erasure finds the model. By hashes: a name or group may tell of a patient.
/// </summary>
/// <param name="DataSet">Version; null for a folder of the command line.</param>
/// <param name="Pictures">In the order of their hashes.</param>
/// <param name="Groups">SHA-256 of the groups' names with the data's own salt in front; empty where none is known.</param>
public sealed record TrainedOn(string Version, string? DataSet, IReadOnlyList<PictureIdentity> Pictures, IReadOnlyList<string> Groups)
{
    public int SchemaVersion { get; init; } = 1;

    /// <param name="pictures">That the model itself has seen, in any order.</param>
    /// <param name="groups">Their hashes.</param>
    /// <param name="parent">What the model that it goes on from has seen; null for one from random weights. Where that is not known, neither is this.</param>
    public static TrainedOn Of(string version, string? dataSet, IEnumerable<PictureIdentity> pictures, IEnumerable<string> groups, TrainedOn? parent = null) => new(
        version, dataSet,
        [.. pictures.Concat(parent?.Pictures ?? []).DistinctBy(picture => picture.Sha256).OrderBy(picture => picture.Sha256, StringComparer.Ordinal)],
        [.. groups.Concat(parent?.Groups ?? []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
}
