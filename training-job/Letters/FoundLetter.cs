using CtSeg.Contracts;

namespace CtSeg.TrainingJob.Letters;

/// <summary>What lies dead, and with that how it is sent again.</summary>
internal enum LetterKind
{
    /// <summary>A message of a queue.</summary>
    Message,
    /// <summary>A scan that failed and left no message.</summary>
    Scan,
    /// <summary>The news of an upload, which did not arrive or which the functions gave up.</summary>
    Upload,
}

/// <summary>One dead thing, wherever it lies. Nothing here but the body names a slice or a patient.</summary>
/// <param name="Id">Unique over all places: the place and its own id.</param>
/// <param name="Queue">Where it belongs.</param>
/// <param name="Place">Where it lies.</param>
/// <param name="Cause">For people and programs, without ids: the same cause is the same text.</param>
/// <param name="Time">When it was sent or archived, UTC; as its place tells.</param>
internal sealed record FoundLetter(string Id, LetterKind Kind, string Queue, string Place, string Cause, DateTime Time)
{
    public ScanId? Scan { get; init; }
    public string? MessageId { get; init; }
    public string? Subject { get; init; }
    /// <value>A sentence beside the cause.</value>
    public string? Description { get; init; }
    /// <value>How often it was delivered so far, also from where it lies dead; 0 where that is not known.</value>
    public int Deliveries { get; init; }
    public int Replays { get; init; }
    /// <value>As its place knows it again: sequence number, blob.</value>
    public object? Handle { get; init; }

    /// <value>Bytes of a body that is too large to be fetched; null for all others.</value>
    public long? UnreadLength { get; init; }

    /// <value>Fetches the body; null where there is none, or none any more.</value>
    public Func<CancellationToken, Task<BinaryData?>> Body { get; init; } = _ => Task.FromResult<BinaryData?>(null);
}

/// <summary>Which letters are meant; null means all.</summary>
internal sealed record LetterFilter(string? Queue, string? Cause, ScanId? Scan)
{
    public bool Matches(FoundLetter letter) =>
        (Queue is null || letter.Queue == Queue) && (Cause is null || letter.Cause == Cause) && (Scan is null || letter.Scan == Scan);
}
