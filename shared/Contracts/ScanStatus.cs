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

/// <summary>
/// <c>status/{scanId}.json</c>: where a scan stands. It ends in exactly one terminal state, which no later step of the
/// pipeline replaces.
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

    [JsonIgnore]
    public bool IsTerminal => State is ScanState.Completed or ScanState.Failed;

    [JsonIgnore]
    public DateTime LastChange => Timeline[^1].Time;

    public static ScanStatus Received(ScanId scan, string blobName, DateTime time) =>
        new(scan, blobName, ScanState.Received, Attempt: 0, [new TimelineEntry(ScanState.Received, time)]);

    /// <summary>The preprocessed image is stored and asked for.</summary>
    public ScanStatus Requested(int attempt, DateTime time) => Enter(ScanState.Preprocessed, time) with { Attempt = attempt };

    public ScanStatus Segmenting(DateTime time) => Enter(ScanState.Segmenting, time);

    public ScanStatus Completed(ScanResultSummary result, DateTime time) => Enter(ScanState.Completed, time) with { Result = result };

    public ScanStatus Failed(ScanFailure failure, DateTime time) => Enter(ScanState.Failed, time) with { Failure = failure };

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
