using System.Text.Json.Serialization;
using CtSeg.Measurements;

namespace CtSeg.Contracts;

public enum ScanState
{
    Received,
    Preprocessed,
    Segmenting,
    Completed,
    Failed,
}

/// <summary>One step of a scan.</summary>
/// <param name="Time">UTC.</param>
public sealed record TimelineEntry(ScanState State, DateTime Time);

/// <summary>The last time that an operator asked again for a scan that had failed.</summary>
/// <param name="Count">Replays so far, this one included.</param>
/// <param name="FirstAttempt">The attempt that it asks for: the attempts that are allowed are counted from here.</param>
/// <param name="Letter">Id of the dead request that it takes the place of.</param>
public sealed record ScanReplay(int Count, int FirstAttempt, string Letter);

/// <summary>
/// <c>status/{scanId}.json</c>: where a scan stands. It ends in exactly one terminal state, which no later step of the
/// pipeline replaces; only an operator's replay takes a scan out of <see cref="ScanState.Failed"/>.
/// </summary>
/// <param name="BlobName">The upload, in <see cref="Containers.Slices"/>.</param>
/// <param name="Attempt">Segmentation requests sent so far.</param>
public sealed record ScanStatus(ScanId ScanId, string BlobName, ScanState State, int Attempt, IReadOnlyList<TimelineEntry> Timeline)
{
    public int Version { get; init; } = 1;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ScanFailure? Failure { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ScanResultSummary? Result { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ScanReplay? Replay { get; init; }

    /// <value>
    /// W3C trace context of the invocation that took the upload in: later requests and ends go on in that trace. Null where nobody traced, and in documents
    /// of versions that did not keep it.
    /// </value>
    [JsonPropertyName("traceparent"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceParent { get; init; }

    /// <value>Requests since the scan was taken in, or since an operator asked for it again.</value>
    [JsonIgnore]
    public int AttemptsInARow => Replay is { FirstAttempt: var first } ? Attempt - first + 1 : Attempt;

    /// <value>How often an operator asked for it again.</value>
    [JsonIgnore]
    public int Replays => Replay?.Count ?? 0;

    [JsonIgnore]
    public bool IsTerminal => Ends(State);

    [JsonIgnore]
    public DateTime LastChange => Timeline[^1].Time;

    /// <value>When it was taken in, or an operator asked for it again, UTC; null when it has ended.</value>
    [JsonIgnore]
    public DateTime? WaitsSince => IsTerminal ? null : Timeline.Reverse().TakeWhile(entry => !Ends(entry.State)).Last().Time;

    public static ScanStatus Received(ScanId scan, string blobName, DateTime time) =>
        new(scan, blobName, ScanState.Received, Attempt: 0, [new TimelineEntry(ScanState.Received, time)]);

    /// <summary>The preprocessed image is stored and asked for.</summary>
    public ScanStatus Requested(int attempt, DateTime time) => Enter(ScanState.Preprocessed, time) with { Attempt = attempt };

    public ScanStatus Segmenting(DateTime time) => Enter(ScanState.Segmenting, time);

    public ScanStatus Completed(ScanResultSummary result, DateTime time) => Enter(ScanState.Completed, time) with { Result = result };

    public ScanStatus Failed(ScanFailure failure, DateTime time) => Enter(ScanState.Failed, time) with { Failure = failure };

    /// <summary>An operator asks for the segmentation again.</summary>
    /// <param name="letter">Id of the dead request.</param>
    /// <exception cref="InvalidOperationException">The scan is completed.</exception>
    public ScanStatus Replayed(string letter, DateTime time) => Reopen(ScanState.Preprocessed, letter, time) with { Attempt = Attempt + 1 };

    /// <summary>An operator has the upload taken in again, which was never preprocessed.</summary>
    /// <exception cref="InvalidOperationException">The scan is completed.</exception>
    public ScanStatus ReceivedAgain(DateTime time) => Reopen(ScanState.Received, ScanEvents.IdOf(ScanId, Attempt), time);

    private ScanStatus Reopen(ScanState state, string letter, DateTime time)
    {
        if (State == ScanState.Completed)
            throw new InvalidOperationException($"Scan {ScanId} is completed and is not done again.");
        return this with
        {
            State = state,
            Failure = null,
            Replay = new ScanReplay(Replays + 1, Attempt + 1, letter),
            Timeline = [.. Timeline, new TimelineEntry(state, time)],
        };
    }

    private static bool Ends(ScanState state) => state is ScanState.Completed or ScanState.Failed;

    /// <exception cref="InvalidOperationException">The scan has ended.</exception>
    private ScanStatus Enter(ScanState state, DateTime time)
    {
        if (IsTerminal)
            throw new InvalidOperationException($"Scan {ScanId} has ended as {State} and cannot become {state}.");
        return this with { State = state, Timeline = [.. Timeline, new TimelineEntry(state, time)] };
    }
}

/// <summary>The part of a result that lists show.</summary>
public sealed record ScanResultSummary(string ModelVersion, IReadOnlyList<LesionMeasurement> Lesions)
{
    /// <summary>Null for a model that cannot tell.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public InputCheckResult? InputCheck { get; init; }

    public static ScanResultSummary Of(ScanMetrics metrics) => new(metrics.Model.Version, metrics.Lesions) { InputCheck = metrics.InputCheck };
}
