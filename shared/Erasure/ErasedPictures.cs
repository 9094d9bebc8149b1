using CtSeg.DataSets;

namespace CtSeg.Erasure;

/// <summary>Knows the pictures of an erasure again. A picture without structure (all black) shows nobody, and is that of many slices: it knows none.</summary>
internal sealed class ErasedPictures(IEnumerable<PictureIdentity> pictures)
{
    private readonly PictureIndex _index = new(pictures);

    public bool Knows(PictureIdentity? picture) => picture is not null && PictureFingerprint.IsPlausible(picture.Fingerprint) && _index.Knows(picture);
}
