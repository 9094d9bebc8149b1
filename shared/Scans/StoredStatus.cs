using System.Text.Json.Serialization;
using Azure;
using CtSeg.Contracts;

namespace CtSeg.Scans;

/// <summary>A status document as read, with the ETag that a replacement must match.</summary>
public sealed record StoredStatus(ScanStatus Status, ETag ETag);

/// <summary>A scan as lists show it, read from the listing alone.</summary>
/// <param name="LastChange">UTC.</param>
public sealed record ScanListing(ScanId ScanId, string BlobName, ScanState State, int Attempt, DateTime LastChange)
{
    /// <value>Of a scan that failed; null also where its document was written before listings told it.</value>
    [JsonIgnore]
    public FailureReason? Failure { get; init; }

    /// <value>How often an operator asked for it again.</value>
    [JsonIgnore]
    public int Replays { get; init; }
}

/// <summary>One page of scans.</summary>
/// <param name="Continuation">Asks for the next page; null at the last.</param>
public sealed record ScanPage(IReadOnlyList<ScanListing> Scans, string? Continuation);
