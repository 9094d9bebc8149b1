using CtSeg.Contracts;

namespace CtSeg.Imaging.Nifti;

/// <summary>A file cannot be read as NIfTI-1; the message is one or two sentences for whoever gave it.</summary>
public sealed class NiftiRejectedException : Exception
{
    public NiftiRejectedException(FailureReason reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    public NiftiRejectedException() : this(FailureReason.Corrupt, "The volume cannot be read.") { }
    public NiftiRejectedException(string message) : this(FailureReason.Corrupt, message) { }
    public NiftiRejectedException(string message, Exception innerException) : this(FailureReason.Corrupt, message, innerException) { }

    public FailureReason Reason { get; }

    internal static NiftiRejectedException Corrupt(string why, Exception? innerException = null) =>
        new(FailureReason.Corrupt, $"The volume is damaged: {why}. Export it again.", innerException);

    internal static NiftiRejectedException Truncated(string why, Exception? innerException = null) =>
        new(FailureReason.Truncated, $"The volume is incomplete: {why}. Copy or download it again.", innerException);

    internal static NiftiRejectedException TooLarge(string why) =>
        new(FailureReason.TooLarge, $"The volume is too large: {why}. Split it into smaller ones.");

    internal static NiftiRejectedException Unsupported(string why) =>
        new(FailureReason.UnsupportedKind, $"The volume cannot be read because {why}. Save it as one NIfTI-1 file (.nii or .nii.gz) of plain numbers.");
}
