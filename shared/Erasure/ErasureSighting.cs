namespace CtSeg.Erasure;

/// <summary>What lies in storage at one moment that an erasure is about. It holds names, and stays in memory.</summary>
/// <param name="Found">All that the order knew, and what was seen now.</param>
/// <param name="Slices">How many of the scans are in the training data.</param>
/// <param name="DeadLetters">In the audit container.</param>
/// <param name="Shadows">In the container of training runs.</param>
/// <param name="Unreadable">Paths of documents that cannot be read, and so may be about such a scan.</param>
internal sealed record ErasureSighting(
    ErasureFindings Found, int Slices, IReadOnlyList<StoredUpload> Uploads, IReadOnlyList<string> DeadLetters, IReadOnlyList<string> Shadows,
    IReadOnlyList<string> Unreadable)
{
    /// <summary>How many of the scans have a status or a preprocessed image.</summary>
    public required int TakenIn { get; init; }

    /// <summary>Scans of the order that were uploaded anew since, and so stay.</summary>
    public required IReadOnlySet<Contracts.ScanId> Renewed { get; init; }
}
