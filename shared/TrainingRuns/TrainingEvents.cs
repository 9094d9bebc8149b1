using System.Text.Json.Serialization;
using CtSeg.Contracts;
using CtSeg.Models;

namespace CtSeg.TrainingRuns;

/// <summary>Asks a job to go on with a run, whatever its state: storage says what there is to do.</summary>
public sealed record TrainingRequested(string RunId, int Attempt);

public sealed record TrainingEnded(string RunId, TrainingRunState State, string Reason)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Challenger { get; init; }
}

/// <summary>A model does not serve, because it is damaged, swapped or unusable.</summary>
/// <param name="Serving">The version that goes on serving; null where there is none.</param>
public sealed record ModelRefused(string Version, string Reason, string? Serving);

public sealed record ModelChanged(AliasMove Move);

/// <summary>Makes events about training runs and models. Ids repeat where the event is told again.</summary>
public static class TrainingEvents
{
    public static string IdOf(string run, int attempt) => $"{run}-{attempt}";

    public static CloudEvent<TrainingRequested> Requested(string run, int attempt, string source, DateTime time, string? traceParent = null) =>
        new(IdOf(run, attempt), EventTypes.TrainingRequested, source, run, time, new TrainingRequested(run, attempt)) { TraceParent = traceParent };

    public static CloudEvent<TrainingEnded> Ended(TrainingRunStatus run, string source, DateTime time)
    {
        ArgumentNullException.ThrowIfNull(run);
        return new($"{run.Id}-ended", EventTypes.TrainingEnded, source, run.Id, time, new TrainingEnded(run.Id, run.State, run.Reason ?? "") { Challenger = run.Challenger });
    }

    /// <param name="id">Of this refusal: a process tells each once.</param>
    public static CloudEvent<ModelRefused> Refused(string id, ModelRefused refused, string source, DateTime time)
    {
        ArgumentNullException.ThrowIfNull(refused);
        return new(id, EventTypes.ModelRefused, source, refused.Version, time, refused);
    }

    public static CloudEvent<ModelChanged> Changed(AliasMove move, string source, DateTime time)
    {
        ArgumentNullException.ThrowIfNull(move);
        return new($"{move.Id}-changed", EventTypes.ModelChanged, source, move.To.Version, time, new ModelChanged(move));
    }
}
