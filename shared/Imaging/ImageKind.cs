namespace CtSeg.Imaging;

/// <summary>Kinds of image that are read.</summary>
public enum ImageKind
{
    Png,
    Jpeg,
    Tiff,
}

/// <summary>Tells the kind of a file by its first bytes; names are never asked, for uploads are often renamed.</summary>
public static class ImageKinds
{
    private static readonly (byte[] Signature, ImageKind Kind)[] Signatures =
    [
        ([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A], ImageKind.Png),
        ([0xFF, 0xD8, 0xFF], ImageKind.Jpeg),
        ([(byte)'I', (byte)'I', 42, 0], ImageKind.Tiff),
        ([(byte)'M', (byte)'M', 0, 42], ImageKind.Tiff),
    ];

    private static readonly (byte[] Signature, string What)[] KnownOthers =
    [
        ("%PDF"u8.ToArray(), "a PDF document"),
        ("MZ"u8.ToArray(), "a Windows program"),
        ([0x7F, (byte)'E', (byte)'L', (byte)'F'], "a Linux program"),
        ([(byte)'P', (byte)'K', 3, 4], "a ZIP archive or office document"),
        ([0x1F, 0x8B], "a gzip archive"),
        ("GIF8"u8.ToArray(), "a GIF picture"),
        ("BM"u8.ToArray(), "a BMP picture"),
        ("RIFF"u8.ToArray(), "a WebP or other RIFF file"),
        ([(byte)'I', (byte)'I', 43, 0], "a BigTIFF picture"),
        ([(byte)'M', (byte)'M', 0, 43], "a BigTIFF picture"),
        ([0, 0, 0, 12, (byte)'j', (byte)'P'], "a JPEG 2000 picture"),
    ];

    /// <summary>The name of a kind in documents: <c>png</c>, <c>jpeg</c> or <c>tiff</c>.</summary>
    public static string NameOf(ImageKind kind) => kind switch
    {
        ImageKind.Png => "png",
        ImageKind.Jpeg => "jpeg",
        ImageKind.Tiff => "tiff",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of image."),
    };

    /// <exception cref="SliceRejectedException">Empty, cut within the signature, or of no kind that is read.</exception>
    public static ImageKind Detect(ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty)
            throw SliceRejectedException.Empty();
        foreach (var (signature, kind) in Signatures)
        {
            if (content.StartsWith(signature))
                return kind;
        }
        foreach (var (signature, _) in Signatures)
        {
            if (content.Length < signature.Length && signature.AsSpan().StartsWith(content))
                throw SliceRejectedException.Truncated($"it ends after {content.Length} bytes");
        }
        throw SliceRejectedException.Unsupported(Describe(content));
    }

    private static string Describe(ReadOnlySpan<byte> content)
    {
        if (content.Length >= 132 && content.Slice(128, 4).SequenceEqual("DICM"u8))
            return "its content is a DICOM file, which is not read yet";
        foreach (var (signature, what) in KnownOthers)
        {
            if (content.StartsWith(signature))
                return $"its content is {what}, whatever its name says";
        }
        return "its content is not a PNG, JPEG or TIFF image, whatever its name says";
    }
}
