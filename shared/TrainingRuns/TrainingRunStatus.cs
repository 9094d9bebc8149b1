using System.Text.Json.Serialization;
using CtSeg.Models;

namespace CtSeg.TrainingRuns;

/// <summary>A run ends in exactly one of the states from <see cref="Promoted"/> on.</summary>
public enum TrainingRunState
{
    /// <summary>Asked for; no job has it yet.</summary>
    Requested,
    Training,
    /// <summary>Trained; champion and challenger are compared on the locked set.</summary>
    Evaluating,
    /// <summary>The challenger runs beside the champion on live slices, and the decision waits for that.</summary>
    Shadowing,
    Promoted,
    /// <summary>The challenger was not proven better and not worse.</summary>
    Refused,
    /// <summary>There was nothing to learn, nothing to prove it on, or no key to sign it with.</summary>
    Skipped,
    Cancelled,
    Failed,
}

/// <summary>
/// <c>training-runs/{id}.json</c>: where a run stands; replaced by conditional writes while it goes on, never after its end. It holds no names of
/// slices or groups.
/// </summary>
/// <param name="Id"><c>yyyyMMdd-HHmmss-xxxxxx</c>, UTC and six random hexadecimal characters: ids sort by time.</param>
/// <param name="Attempt">Requests sent for it so far.</param>
/// <param name="Timeline">States with their times, UTC.</param>
public sealed record TrainingRunStatus(string Id, TrainingRunState State, int Attempt, TrainingRunRequest Request, IReadOnlyList<TrainingRunStep> Timeline)
{
    public int Version { get; init; } = 1;

    /// <summary>Of the job that works on it; renewed while it does. Another job takes over only a run whose beat is old.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RunBeat? Beat { get; init; }

    /// <summary>When the last request after the first was sent, UTC.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? AskedAgain { get; init; }

    /// <summary>Somebody asked to cancel; the job ends the run at the next step.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool CancelRequested { get; init; }

    /// <summary>Data set version that it learns from; set when training begins.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DataSet { get; init; }

    /// <summary>Set when training begins.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? EvaluationSet { get; init; }

    /// <summary>The model in use when it began.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Champion { get; init; }

    /// <summary>Version of the model that the run makes; published when it is trained.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Challenger { get; init; }

    /// <summary>Noted after the first epoch where fewer fit into the time than were asked for; whoever goes on with the run keeps to it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ShortenedTraining? Shortened { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TrainingRunProgress? Progress { get; init; }

    /// <summary>One sentence: why it ended as it did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>
    /// Id of the move of the alias that the job is about to make: from then on it is too late to cancel, and whoever takes the run over completes the move.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AliasMoveId { get; init; }

    [JsonIgnore]
    public bool HasEnded => State >= TrainingRunState.Promoted;

    /// <value>When it last changed, was worked on or was asked for, UTC.</value>
    [JsonIgnore]
    public DateTime LastSign => new[] { Timeline[^1].Time, Beat?.Time ?? default, AskedAgain ?? default }.Max();

    public static TrainingRunStatus Requested(string id, TrainingRunRequest request, DateTime time) =>
        new(id, TrainingRunState.Requested, Attempt: 1, request, [new TrainingRunStep(TrainingRunState.Requested, time)]);

    /// <summary>Another request for it is to be sent.</summary>
    public TrainingRunStatus RequestedAgain(DateTime time) => this with { Attempt = Attempt + 1, AskedAgain = time };

    /// <summary>The same where it is in that state already.</summary>
    /// <exception cref="InvalidOperationException">The run has ended, or would by this: see <see cref="Ended"/>.</exception>
    public TrainingRunStatus Entered(TrainingRunState state, DateTime time) => state switch
    {
        _ when HasEnded || state >= TrainingRunState.Promoted => throw new InvalidOperationException($"Training run {Id} is {State} and cannot become {state}."),
        _ when state == State => this,
        _ => this with { State = state, Timeline = [.. Timeline, new TrainingRunStep(state, time)] },
    };

    /// <param name="reason">One sentence, without names of slices or groups.</param>
    /// <exception cref="InvalidOperationException">The run has ended, or this state is no end.</exception>
    public TrainingRunStatus Ended(TrainingRunState state, string reason, DateTime time) => HasEnded || state < TrainingRunState.Promoted
        ? throw new InvalidOperationException($"Training run {Id} is {State} and cannot end as {state}.")
        : this with { State = state, Reason = reason, Beat = null, Timeline = [.. Timeline, new TrainingRunStep(state, time)] };
}

/// <param name="Time">UTC.</param>
public sealed record TrainingRunStep(TrainingRunState State, DateTime Time);

/// <summary>What a run was asked for.</summary>
/// <param name="By">Who asked: <c>schedule</c>, <c>api</c> or <c>command</c>.</param>
public sealed record TrainingRunRequest(string By)
{
    /// <summary>Nobody waits for the end of such a run.</summary>
    public const string BySchedule = "schedule";

    /// <summary>From random weights instead of the champion's.</summary>
    public bool FromScratch { get; init; }

    /// <summary>1 to 10,000; the job's default where null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Epochs { get; init; }

    /// <summary>Minutes into which the training is made to fit, and after which it stops at the end of an epoch in any case; no limit where null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Minutes { get; init; }

    /// <summary>Whether the challenger must run in shadow before a decision.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ShadowTerms? Shadow { get; init; }

    public PromotionTerms Promotion { get; init; } = new();

    /// <summary>Runs also without new data since the champion.</summary>
    public bool EvenWithoutNewData { get; init; }
}

/// <param name="Owner">A random id of the job's process.</param>
/// <param name="Time">UTC.</param>
public sealed record RunBeat(string Owner, DateTime Time);

/// <param name="Epoch">Done.</param>
/// <param name="Epochs">Of the run.</param>
/// <param name="Losses">Of every epoch done.</param>
/// <param name="SecondsLeft">A guess from the epochs done; null before the first.</param>
public sealed record TrainingRunProgress(int Epoch, int Epochs, IReadOnlyList<double> Losses, double? SecondsLeft);

/// <param name="Epochs">That fit into the time.</param>
/// <param name="SecondsLost">Of the epoch that showed it: the training began anew after it, so that its learning rate and its stages follow the new number.</param>
public sealed record ShortenedTraining(int Epochs, double SecondsLost);

/// <summary>
/// <c>training-runs/active.json</c>: created by a conditional write when a run is asked for, deleted when it has ended. Whoever finds the run's own document
/// missing creates it from this one: its writer was cut off between the two.
/// </summary>
/// <param name="Since">UTC.</param>
public sealed record ActiveTrainingRun(string RunId, DateTime Since, TrainingRunRequest Request)
{
    public int Version { get; init; } = 1;
}
