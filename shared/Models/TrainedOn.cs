using System.Text.Json.Serialization;
using CtSeg.DataSets;
using CtSeg.Segmentation;

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

    /// <value>
    /// The masks that the pictures were last learnt with, in the order of the pictures' hashes. A picture without one was learnt before masks were noted;
    /// null where all were.
    /// </value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LearntMask>? Masks { get; init; }

    /// <param name="pictures">That the model itself has seen, in any order.</param>
    /// <param name="groups">Their hashes.</param>
    /// <param name="parent">What the model that it goes on from has seen; null for one from random weights. Where that is not known, neither is this.</param>
    /// <param name="masks">Of these pictures; null where they are not known.</param>
    public static TrainedOn Of(
        string version, string? dataSet, IEnumerable<PictureIdentity> pictures, IEnumerable<string> groups, TrainedOn? parent = null, IEnumerable<LearntMask>? masks = null)
    {
        PictureIdentity[] own = [.. pictures];
        return new TrainedOn(
            version, dataSet,
            [.. own.Concat(parent?.Pictures ?? []).DistinctBy(picture => picture.Sha256).OrderBy(picture => picture.Sha256, StringComparer.Ordinal)],
            [.. groups.Concat(parent?.Groups ?? []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)])
        {
            Masks = Merge(masks, parent?.Masks, own),
        };
    }

    /// <summary>What a picture was learnt with last is what counts.</summary>
    private static LearntMask[]? Merge(IEnumerable<LearntMask>? masks, IReadOnlyList<LearntMask>? earlier, PictureIdentity[] own)
    {
        if (masks is null && earlier is null)
            return null;
        var again = own.Select(picture => picture.Sha256).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. (masks ?? []).Concat((earlier ?? []).Where(mask => !again.Contains(mask.Picture))).Distinct()
                .OrderBy(mask => mask.Picture, StringComparer.Ordinal).ThenBy(mask => mask.Mask, StringComparer.Ordinal),
        ];
    }
}

/// <param name="Picture">SHA-256 of the picture, as <see cref="PictureIdentity.Sha256"/>.</param>
/// <param name="Mask">SHA-256 of its mask, as <see cref="TrainingSlice.MaskSha256"/>.</param>
public sealed record LearntMask(string Picture, string Mask)
{
    /// <summary>As the training data would name the mask.</summary>
    public static LearntMask Of(PictureIdentity picture, LesionMask mask)
    {
        ArgumentNullException.ThrowIfNull(picture);
        return new LearntMask(picture.Sha256, ContentHash.Of(MaskPng.Write(mask)));
    }
}
