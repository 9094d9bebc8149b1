using System.Text.Json.Serialization;
using CtSeg.Contracts;

namespace CtSeg.DataSets;

/// <summary><c>training-data/corrections/{scanId}.json</c>: what became of the last corrected mask of a scan.</summary>
/// <param name="Sha256">Of the uploaded file.</param>
public sealed record CorrectionOutcome(ScanId ScanId, CorrectionState State, string Sha256, DateTime Time)
{
    public int Version { get; init; } = 1;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CorrectionRefusal? Refusal { get; init; }
}

public enum CorrectionState
{
    Accepted,
    Refused,
}

/// <summary>Why a corrected mask was refused; in JSON the kebab-case name.</summary>
public enum CorrectionReason
{
    /// <summary>No such scan was ever uploaded, or its upload is gone.</summary>
    UnknownScan,
    /// <summary>The scan has not been segmented yet.</summary>
    ScanNotCompleted,
    /// <summary>The file has no content.</summary>
    Empty,
    /// <summary>No PNG, or one that cannot be read.</summary>
    Unreadable,
    /// <summary>The file or the image is above a cap.</summary>
    TooLarge,
    /// <summary>Not the width and height of the slice.</summary>
    WrongSize,
    /// <summary>A value that is no class.</summary>
    WrongClasses,
    /// <summary>Background only, and nobody confirmed that this is meant.</summary>
    NoLesion,
    /// <summary>Taking it in failed at every try for a reason of ours.</summary>
    Poisoned,
}

/// <param name="Reason">For programs.</param>
/// <param name="Message">One sentence: what happened and why.</param>
/// <param name="Action">What can be done.</param>
public sealed record CorrectionRefusal(CorrectionReason Reason, string Message, string Action);
