using System.Text.Json.Serialization;
using CtSeg.Measurements;

namespace CtSeg.Contracts;

/// <summary><c>preprocessed/{scanId}/manifest.json</c>: what the preprocessed image was made of and how.</summary>
/// <param name="BlobName">The upload, in <see cref="Containers.Slices"/>.</param>
/// <param name="InputSha256">Of the uploaded bytes, lower-case hexadecimal.</param>
/// <param name="InputBytes">Length of the upload.</param>
/// <param name="Original">The upload as decoded.</param>
/// <param name="Preprocessing">What was done to it.</param>
public sealed record ScanManifest(
    ScanId ScanId,
    string BlobName,
    string InputSha256,
    long InputBytes,
    SourceImage Original,
    PreprocessingSteps Preprocessing)
{
    public int Version { get; init; } = 1;

    /// <value>Null where the upload does not say.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PixelSpacing? PixelSpacing { get; init; }

    /// <value>CPU-independent wall time of decoding and resizing, ms.</value>
    public double PreprocessMs { get; init; }
}

/// <param name="Kind"><c>png</c>, <c>jpeg</c> or <c>tiff</c>.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="BitDepth">Bits a channel.</param>
/// <param name="Channels">1 grey to 4 RGBA.</param>
public sealed record SourceImage(string Kind, int Width, int Height, int BitDepth, int Channels);

/// <param name="Grey">How grey was made of the samples.</param>
/// <param name="Resize">Interpolation.</param>
/// <param name="Width">Of the preprocessed image, pixels.</param>
/// <param name="Height">Of the preprocessed image, pixels.</param>
public sealed record PreprocessingSteps(string Grey, string Resize, int Width, int Height);
