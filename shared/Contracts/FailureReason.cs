namespace CtSeg.Contracts;

/// <summary>Why a scan failed; in JSON the kebab-case name (<c>unsupported-kind</c>).</summary>
public enum FailureReason
{
    /// <summary>The file has no content.</summary>
    Empty,
    /// <summary>The content is no kind of image that is read here, whatever the name says.</summary>
    UnsupportedKind,
    /// <summary>The file ends before its image does.</summary>
    Truncated,
    /// <summary>The content contradicts itself or its format.</summary>
    Corrupt,
    /// <summary>The file or the image it declares is above a cap.</summary>
    TooLarge,
    /// <summary>The model cannot process this slice, and would not at another try.</summary>
    InferenceFailed,
    /// <summary>Preprocessing failed at every try for a reason of ours.</summary>
    Poisoned,
    /// <summary>The request was delivered as often as allowed without an end.</summary>
    DeadLettered,
    /// <summary>The result was asked for as often as allowed and never came.</summary>
    GaveUp,
}

/// <summary>What the uploader is told about a failure.</summary>
/// <param name="Reason">For programs.</param>
/// <param name="Message">One sentence: what happened and why.</param>
/// <param name="Action">What the uploader can do.</param>
public sealed record ScanFailure(FailureReason Reason, string Message, string Action);
