using System.Text.Json;
using System.Text.Json.Serialization;

namespace CtSeg.Models;

/// <summary>`models/{version}/model.json`: what a model is, where it comes from and how good it is.</summary>
public sealed record ModelManifest
{
    /// <summary>Version of this document's form.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>Name of the model's folder.</summary>
    public required string Version { get; init; }

    /// <summary>The version it was trained on from, or null.</summary>
    public string? ParentVersion { get; init; }

    public required DateTime CreatedUtc { get; init; }
    public required ModelConfiguration Configuration { get; init; }

    /// <summary>Class names; the index is the value in a mask.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    public required ModelPreprocessing Preprocessing { get; init; }

    /// <summary>Null for a model that was not trained.</summary>
    public TrainingRecord? Training { get; init; }

    /// <summary>Null for a model that was not scored.</summary>
    public ModelScores? Scores { get; init; }

    /// <summary>SHA-256 of `weights.safetensors`, lower-case hexadecimal; checked before the file is parsed.</summary>
    public required string WeightsSha256 { get; init; }

    /// <summary>Terms of the weights, which are not those of the program.</summary>
    public required string WeightsLicence { get; init; }

    /// <summary>
    /// Null where nobody wrote one, and in documents that are older. It speaks of one model's data, so that no model inherits it from the one that it goes
    /// on from: what a hospital's slices may be used for, the card of a public data set does not know. A training by hand writes the card that it is
    /// given, a nightly one none; publishing, signing and promoting leave this document as it is.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ModelCard? Card { get; init; }
}

/// <summary>What the network expects of its input.</summary>
/// <param name="Width">Of the grey image, pixels.</param>
/// <param name="Height">Of the grey image, pixels.</param>
/// <param name="Interpolation">How the upload becomes that size.</param>
/// <param name="Scaling">How grey values become numbers.</param>
public sealed record ModelPreprocessing(int Width, int Height, string Interpolation, string Scaling);

/// <summary>How a model was trained.</summary>
/// <param name="DataSha256">Hash over the names, images, masks and groups of all slices.</param>
/// <param name="Slices">Slices the weights were fitted to.</param>
/// <param name="Groups">Groups these slices come from.</param>
/// <param name="HeldOutGroups">Names of the groups that were kept out.</param>
/// <param name="Epochs">Done.</param>
/// <param name="Machines">Processor, cores, memory, threads and program, in order where it moved: the bits depend on them.</param>
/// <param name="Options">All options, as the job's training.json has them.</param>
public sealed record TrainingRecord(
    string DataSha256,
    int Slices,
    int Groups,
    IReadOnlyList<string> HeldOutGroups,
    int Epochs,
    double Minutes,
    IReadOnlyList<string> Machines,
    JsonElement Options);

/// <summary>`models/current.json`: the model in use; replaced only by a conditional write.</summary>
public sealed record CurrentModel(string Version, string WeightsSha256)
{
    /// <summary>Of the bytes of model.json, lower-case hexadecimal. Every move notes it; null in documents that are older, or came with the program.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ManifestSha256 { get; init; }

    /// <summary>Id of the <see cref="AliasMove"/> that wrote it: whoever lost the answer to the write knows it again. Null for one that came with the program.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MoveId { get; init; }

    /// <summary>The models that served before, the last one last, at most 20: a promotion adds to them, a rollback takes from them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ServedModel>? Before { get; init; }
}
