using System.Globalization;
using CtSeg.DataSets;
using CtSeg.Segmentation;

namespace CtSeg.Corrections;

/// <summary>What uploaders of corrected masks are told.</summary>
internal static class CorrectionRefusals
{
    private const string SaveAsMask = "Save the mask as PNG with one byte a pixel: palette, or 8-bit grey with the values 0 to 3.";
    private const string UploadAgain = "Upload the mask again.";

    public static CorrectionRefusal UnknownScan { get; } = new(
        CorrectionReason.UnknownScan, "No slice with this scan id was uploaded.", "Look the scan id up again: it stands in the status of the slice.");

    public static CorrectionRefusal UploadGone { get; } = new(
        CorrectionReason.UnknownScan, "The slice of this scan was deleted or replaced since, so the mask has no picture to be learnt with.",
        "Upload the slice again, wait for its result and upload the mask under that scan id.");

    public static CorrectionRefusal NotCompleted { get; } = new(
        CorrectionReason.ScanNotCompleted, "The scan has not been segmented yet, so there is no mask to correct.",
        "Upload the mask again when the status of the scan is completed.");

    public static CorrectionRefusal ScanFailed { get; } = new(
        CorrectionReason.ScanNotCompleted, "The scan failed, so there is no mask to correct.",
        "Do what the status of the scan says, then upload the mask under the new scan id.");

    public static CorrectionRefusal Empty { get; } = new(CorrectionReason.Empty, "The file is empty.", UploadAgain);

    public static CorrectionRefusal NoLesion { get; } = new(
        CorrectionReason.NoLesion, "The mask marks no lesion at all, which is more often an accident than a finding.",
        $"If the slice shows none, upload the mask with the blob metadata {CorrectionMetadata.ConfirmNoLesion}=true.");

    public static CorrectionRefusal Poisoned { get; } = new(
        CorrectionReason.Poisoned, "The mask could not be taken in although it was tried as often as allowed; the cause lies with the service.",
        "Upload the mask again; if it fails again, tell the operator the scan id.");

    public static CorrectionRefusal TooLarge(long bytes, long cap) => new(
        CorrectionReason.TooLarge, string.Create(CultureInfo.InvariantCulture, $"The file has {bytes} bytes, more than the {cap} that are allowed."), SaveAsMask);

    public static CorrectionRefusal TooManyPixels(string message) => new(CorrectionReason.TooLarge, message, "Upload a mask of the size of its slice.");

    public static CorrectionRefusal Unreadable(string message) => new(CorrectionReason.Unreadable, message, SaveAsMask);

    public static CorrectionRefusal OtherKind(string kind) => new(
        CorrectionReason.Unreadable, $"The file is a PNG of {kind}, whose values cannot be taken for classes.", SaveAsMask);

    public static CorrectionRefusal WrongSize(int width, int height, int expectedWidth, int expectedHeight) => new(
        CorrectionReason.WrongSize,
        string.Create(CultureInfo.InvariantCulture, $"The mask has {width} x {height} pixels, its slice {expectedWidth} x {expectedHeight}."),
        "Draw the mask at the size of the uploaded slice; do not scale it.");

    public static CorrectionRefusal NoClass(int value) => new(
        CorrectionReason.WrongClasses,
        string.Create(CultureInfo.InvariantCulture, $"The mask holds the value {value}, but classes go from 0 to {LesionMask.ClassCount - 1}."),
        "Use 0 background, 1 ground-glass opacity, 2 consolidation, 3 pleural effusion.");

    public static CorrectionRefusal ForeignColour(LesionClass value, LesionClass colour) => new(
        CorrectionReason.WrongClasses,
        $"The value {(int)value} of the mask ({value.Token}) is drawn in the colour of {colour.Token}: a program has renumbered the colours.",
        "Save the mask without optimising its palette, or as 8-bit grey with the values 0 to 3.");
}
