namespace CtSeg.DataSets;

/// <summary>Many pictures, among which others are looked for. One without structure (all black) is that of many patients: it is never found.</summary>
public sealed class PictureIndex
{
    private readonly List<(PictureIdentity Picture, FingerprintBits Bits)> _pictures = [];
    private readonly HashSet<string> _hashes = new(StringComparer.Ordinal);

    /// <exception cref="FormatException">A fingerprint is none.</exception>
    public PictureIndex(IEnumerable<PictureIdentity> pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        foreach (var picture in pictures)
            Add(picture);
    }

    public void Add(PictureIdentity picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        if (PictureFingerprint.HasStructure(picture.Fingerprint) && _hashes.Add(picture.Sha256))
            _pictures.Add((picture, PictureFingerprint.Words(picture.Fingerprint)));
    }

    /// <summary>Whether the same picture is among them: the same grey values, or a fingerprint that differs in few bits.</summary>
    public bool Knows(PictureIdentity picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        if (!PictureFingerprint.HasStructure(picture.Fingerprint))
            return false;
        if (_hashes.Contains(picture.Sha256))
            return true;
        var bits = PictureFingerprint.Words(picture.Fingerprint);
        return _pictures.Exists(known => PictureFingerprint.Distance(known.Bits, bits) <= PictureFingerprint.MaxDistance);
    }
}
