using CtSeg.Contracts;

namespace CtSeg.Recovery;

/// <summary>What there is to do about something dead.</summary>
public enum ReplayDecision
{
    /// <summary>It is to be sent again.</summary>
    Send,
    /// <summary>What it asked for has come meanwhile.</summary>
    Completed,
    /// <summary>Somebody asked again meanwhile, and that is under way.</summary>
    AskedAgain,
    /// <summary>It was sent again before, which failed too and left a dead letter of its own.</summary>
    FailedAgain,
    /// <summary>What it is about was erased, ended or replaced.</summary>
    Gone,
    /// <summary>Sending it again would only fail again.</summary>
    Refused,
}

/// <param name="Text">Why, in a sentence without names; null where it is to be sent.</param>
/// <param name="Status">Of the scan, as it stands; null where there is none.</param>
public sealed record ReplayOutcome(ReplayDecision Decision, string? Text, ScanStatus? Status)
{
    /// <value>The dead letter has no use any more: it goes, and what it stood for is not lost.</value>
    public bool IsSettled => Decision is ReplayDecision.Completed or ReplayDecision.AskedAgain or ReplayDecision.FailedAgain or ReplayDecision.Gone;
}
