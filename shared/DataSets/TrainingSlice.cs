using System.Text.Json.Serialization;
using CtSeg.Contracts;
using CtSeg.Imaging;

namespace CtSeg.DataSets;

/// <summary><c>training-data/slices/{id}.json</c>: a slice with its truth. A new mask replaces the document by a conditional write.</summary>
/// <param name="Id">Of a correction, the scan's; of an import, made of name and content in the same way.</param>
/// <param name="Name">For people; it may tell of a patient and goes into no model and no log.</param>
/// <param name="Group">Slices that may show the same patient share it; as private as the name.</param>
/// <param name="ImageSha256">Of the image file as it came, lower-case hexadecimal.</param>
/// <param name="Picture">What the network sees of it.</param>
/// <param name="MaskSha256">Of the mask as it is stored: palette PNG, values 0 to 3.</param>
/// <param name="Width">Of the mask, pixels.</param>
/// <param name="Height">Of the mask, pixels.</param>
/// <param name="ClassPixels">Of the mask, by class.</param>
public sealed record TrainingSlice(
    ScanId Id, string Name, string Group, string ImageSha256, PictureIdentity Picture, string MaskSha256, int Width, int Height, IReadOnlyList<long> ClassPixels,
    SliceOrigin Origin)
{
    public int Version { get; init; } = 1;

    /// <summary>Hashes of the masks that this one replaced, so that an erasure finds them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? EarlierMasks { get; init; }
}

/// <summary>Knows a picture again.</summary>
/// <param name="Sha256">Of its preprocessed grey values: the same in another file format without loss.</param>
/// <param name="Fingerprint">Of its structure, 64 hexadecimal characters: near that of the same slice in another window, size or compression.</param>
public sealed record PictureIdentity(string Sha256, string Fingerprint)
{
    /// <param name="preprocessed">[369, 369] grey.</param>
    public static PictureIdentity Of(GreyImage preprocessed)
    {
        ArgumentNullException.ThrowIfNull(preprocessed);
        return new(ContentHash.Of(preprocessed.Pixels), PictureFingerprint.Of(preprocessed));
    }
}

/// <summary>Where a slice of the training data comes from.</summary>
/// <param name="Kind">One of <see cref="SliceOrigins"/>.</param>
/// <param name="Time">When it joined, UTC.</param>
public sealed record SliceOrigin(string Kind, DateTime Time)
{
    /// <summary>Of a correction: the upload, in <see cref="Containers.Slices"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BlobName { get; init; }

    /// <summary>Of a correction: the model whose mask was corrected.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ModelVersion { get; init; }

    /// <summary>Of a correction: who corrected it, as the upload's metadata says.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CorrectedBy { get; init; }

    /// <summary>Of an import: what was imported, without its folder.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Source { get; init; }
}

public static class SliceOrigins
{
    public const string Import = "import";
    public const string Correction = "correction";
}
