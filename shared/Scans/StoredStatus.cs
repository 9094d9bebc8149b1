using Azure;
using CtSeg.Contracts;

namespace CtSeg.Scans;

/// <summary>A status document as read, with the ETag that a replacement must match.</summary>
public sealed record StoredStatus(ScanStatus Status, ETag ETag);

/// <summary>A scan as lists show it, read from the listing alone.</summary>
/// <param name="LastChange">UTC.</param>
public sealed record ScanListing(ScanId ScanId, string BlobName, ScanState State, int Attempt, DateTime LastChange);

/// <summary>One page of scans.</summary>
/// <param name="Continuation">Asks for the next page; null at the last.</param>
public sealed record ScanPage(IReadOnlyList<ScanListing> Scans, string? Continuation);
