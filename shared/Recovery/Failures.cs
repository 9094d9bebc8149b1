using System.Globalization;
using CtSeg.Contracts;

namespace CtSeg.Recovery;

/// <summary>What uploaders are told about failures that are not in the content of their file.</summary>
public static class Failures
{
    public static ScanFailure TooLarge(long bytes, long cap) => new(
        FailureReason.TooLarge,
        string.Create(CultureInfo.InvariantCulture, $"The file has {bytes} bytes, more than the {cap} that are allowed."),
        "Upload a single slice of ordinary size, or have the limit raised.");

    public static ScanFailure Poisoned { get; } = new(
        FailureReason.Poisoned,
        "The slice could not be preprocessed although it was tried as often as allowed; the cause lies with the service.",
        "Upload the slice again under another name; if it fails again, tell the operator the scan id.");

    public static ScanFailure DeadLettered { get; } = new(
        FailureReason.DeadLettered,
        "The segmentation of the slice ended without a result although it was tried as often as allowed.",
        "Upload the slice again under another name; if it fails again, tell the operator the scan id: the request is kept.");

    public static ScanFailure GaveUp(int attempts) => new(
        FailureReason.GaveUp,
        string.Create(CultureInfo.InvariantCulture, $"The segmentation was asked for {attempts} times and never came."),
        "Tell the operator the scan id, and upload the slice again under another name once the service is well.");
}
