using CtSeg.Contracts;

namespace CtSeg.Imaging;

/// <summary>An uploaded file cannot be used, whatever is tried: the uploader's to mend, not ours.</summary>
public sealed class SliceRejectedException : Exception
{
    private const string ExportAgain = "Export the slice again and upload the new file.";

    public SliceRejectedException(FailureReason reason, string message, string action, Exception? innerException = null)
        : base(message, innerException) => (Reason, Action) = (reason, action);

    public SliceRejectedException() : this("The file cannot be read.") { }
    public SliceRejectedException(string message) : this(FailureReason.Corrupt, message, ExportAgain) { }
    public SliceRejectedException(string message, Exception innerException) : this(FailureReason.Corrupt, message, ExportAgain, innerException) { }

    public FailureReason Reason { get; }

    /// <value>What the uploader can do, one sentence.</value>
    public string Action { get; }

    public ScanFailure ToFailure() => new(Reason, Message, Action);

    internal static SliceRejectedException Empty() =>
        new(FailureReason.Empty, "The file is empty.", ExportAgain);

    internal static SliceRejectedException Unsupported(string why) =>
        new(FailureReason.UnsupportedKind, $"The file cannot be read because {why}.",
            "Upload the slice as PNG (8 or 16 bit), JPEG or TIFF (8 or 16 bit).");

    internal static SliceRejectedException Truncated(string why) =>
        new(FailureReason.Truncated, $"The file is incomplete: {why}.",
            "Upload the file again; if it fails again, export the slice anew.");

    internal static SliceRejectedException Corrupt(string why, Exception? innerException = null) =>
        new(FailureReason.Corrupt, $"The file is damaged: {why}.", ExportAgain, innerException);

    internal static SliceRejectedException TooLarge(string why) =>
        new(FailureReason.TooLarge, $"The file is too large: {why}.", "Upload a single slice of ordinary size (512 x 512 is usual).");
}
