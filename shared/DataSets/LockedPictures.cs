namespace CtSeg.DataSets;

/// <summary>
/// <c>training-data/evaluation-sets/locked.json</c>: every picture that was ever locked. It only grows, except that an erased picture goes. So a slice stays
/// locked when its group is given another name, or when the slice that joined it to a locked group is erased.
/// </summary>
/// <param name="Pictures">In the order of their hashes.</param>
public sealed record LockedPictures(IReadOnlyList<PictureIdentity> Pictures)
{
    public int SchemaVersion { get; init; } = 1;

    public static LockedPictures None { get; } = new([]);

    internal bool IsPlausible => SchemaVersion == 1
        && Pictures.All(picture => ContentHash.IsPlausible(picture.Sha256) && PictureFingerprint.IsPlausible(picture.Fingerprint));
}
