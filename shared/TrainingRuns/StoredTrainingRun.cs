using Azure;

namespace CtSeg.TrainingRuns;

/// <summary>A run's document as read, with the ETag that a replacement must match.</summary>
public sealed record StoredTrainingRun(TrainingRunStatus Run, ETag ETag);

/// <param name="IsNew">Whether this request made it; else it was under way, and this is the run that everybody waits for.</param>
public sealed record RequestedTrainingRun(TrainingRunStatus Run, bool IsNew);

/// <summary>A run as lists show it.</summary>
/// <param name="Run">Null where its document cannot be read.</param>
public sealed record TrainingRunListing(string Id, TrainingRunStatus? Run)
{
    /// <value>One sentence; null where there is none.</value>
    public string? Problem { get; init; }
}

/// <summary>What <c>GET /api/training-runs</c> answers.</summary>
/// <param name="Runs">The newest first.</param>
/// <param name="Damaged">One sentence for each document that cannot be read.</param>
public sealed record TrainingRunPage(IReadOnlyList<TrainingRunStatus> Runs, IReadOnlyList<string> Damaged)
{
    public static async Task<TrainingRunPage> OfAsync(IAsyncEnumerable<TrainingRunListing> listings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(listings);
        var (runs, damaged) = (new List<TrainingRunStatus>(), new List<string>());
        await foreach (var listing in listings.WithCancellation(cancellationToken))
        {
            if (listing.Run is { } run)
                runs.Add(run);
            else
                damaged.Add(listing.Problem ?? listing.Id);
        }
        return new TrainingRunPage(runs, damaged);
    }
}

public enum TrainingRunClaim
{
    /// <summary>The caller is the owner from now on, until another takes over when its beat is old.</summary>
    Claimed,
    /// <summary>Another owner's beat is fresh.</summary>
    Held,
    Ended,
    Unknown,
}

/// <param name="Run">Null where it is unknown.</param>
public sealed record ClaimedTrainingRun(TrainingRunClaim Claim, TrainingRunStatus? Run);

public enum TrainingRunCancellation
{
    /// <summary>No job worked on it: it has ended as cancelled.</summary>
    Cancelled,
    /// <summary>The job that works on it ends it at its next step.</summary>
    Asked,
    /// <summary>Its challenger is just being put into use.</summary>
    TooLate,
    HadEnded,
    Unknown,
}

/// <summary>Somebody else has the run, or it has ended: whoever worked on it writes nothing more.</summary>
public sealed class TrainingRunLostException : Exception
{
    public TrainingRunLostException() { }
    public TrainingRunLostException(string message) : base(message) { }
    public TrainingRunLostException(string message, Exception innerException) : base(message, innerException) { }
}

/// <summary>A run's document cannot be read; the message says which.</summary>
public sealed class DamagedTrainingRunException : Exception
{
    public DamagedTrainingRunException() { }
    public DamagedTrainingRunException(string message) : base(message) { }
    public DamagedTrainingRunException(string message, Exception innerException) : base(message, innerException) { }
}
