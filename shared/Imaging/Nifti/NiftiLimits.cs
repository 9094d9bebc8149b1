namespace CtSeg.Imaging.Nifti;

/// <summary>Caps that are checked against what a header declares, before memory is taken for it. One slice is in memory at a time.</summary>
public sealed record NiftiLimits
{
    public static NiftiLimits Default { get; } = new();

    /// <value>Width x height of a slice; 16,777,216 unless set.</value>
    public long MaxSlicePixels { get; init; } = 4096 * 4096;

    /// <value>10,000 unless set.</value>
    public int MaxSlices { get; init; } = 10_000;

    /// <value>Bytes that are read or decompressed at most; 8 GiB unless set.</value>
    public long MaxBytes { get; init; } = 8L << 30;

    /// <value>Bytes between header and values (extensions) that are passed over; 16 MiB unless set.</value>
    public long MaxExtensionBytes { get; init; } = 16L << 20;
}
