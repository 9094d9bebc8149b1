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
}
