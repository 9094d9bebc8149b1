using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Erasure;
using CtSeg.Functions.Protocol;
using CtSeg.Telemetry;
using CtSeg.TrainingRuns;

namespace CtSeg.Functions;

/// <summary>
/// From time to time: ask again for a training run that nobody works on, and tidy up after those that were killed at their end. What a run or another
/// writer that was killed left of slices that were just erased is removed too.
/// </summary>
internal sealed partial class ReconcileTrainingRunsTrigger(
    TrainingRunReconciler reconciler, ErasureReview erasures, TimeProvider clock, ILogger<ReconcileTrainingRunsTrigger> logger)
{
    public const string Name = "ReconcileTrainingRuns";
    public const string TimerBinding = "timer";
    public const string RequestsBinding = "requests";
    public const string EndedBinding = "ended";

    public async Task<Answer> RunAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using (var invocation = await Invocation.ReadAsync(request.Body, cancellationToken))
            invocation.Require(TimerBinding);
        var outcome = await reconciler.ReconcileAsync(cancellationToken);
        foreach (var problem in outcome.Damaged)
            LogDamaged(problem);
        foreach (var run in outcome.AskAgain)
            LogAskedAgain(run.Id, run.Attempt);
        foreach (var run in outcome.Ended)
            LogEnded(run.Id, run.State);
        await ReviewErasuresAsync(cancellationToken);
        var (source, now) = (EventSource.Of(Name), clock.GetUtcNow().UtcDateTime);
        return new Answer()
            .OutputAll(RequestsBinding, [.. outcome.AskAgain.Select(run => Request(run, source, now))])
            .OutputAll(EndedBinding, [.. outcome.Ended.Select(run => Ended(run, source, now))])
            .Log($"asked again for {outcome.AskAgain.Count}, ended {outcome.Ended.Count}");
    }

    /// <summary>What fails there must not keep the answer about runs from the host: the next look goes on.</summary>
    private async Task ReviewErasuresAsync(CancellationToken cancellationToken)
    {
        try
        {
            var outcome = await erasures.ReviewAsync(evenIfSeen: false, cancellationToken);
            if (outcome.Blobs > 0)
                LogReviewed(outcome.Orders.Count, outcome.Blobs);
            foreach (var failure in outcome.Failures)
                LogNotReviewed(failure.What, failure.Why);
        }
        catch (Exception e) when (ErasureFaults.IsOfOneOrder(e))
        {
            LogNotReviewed("Erasures of the last day", ErasureFaults.Describe(e));
        }
    }

    private static Action<Utf8JsonWriter> Request(TrainingRunStatus run, string source, DateTime time) => json =>
        JsonSerializer.Serialize(json, TrainingEvents.Requested(run.Id, run.Attempt, source, time).Created(Queues.TrainingRequests), ContractsJson.Default.CloudEventTrainingRequested);

    private static Action<Utf8JsonWriter> Ended(TrainingRunStatus run, string source, DateTime time) => json =>
        JsonSerializer.Serialize(json, TrainingEvents.Ended(run, source, time), ContractsJson.Default.CloudEventTrainingEnded);

    [LoggerMessage(260, LogLevel.Warning, "Training run {Run} is asked for again, attempt {Attempt}: nobody works on it")]
    private partial void LogAskedAgain(string run, int attempt);

    [LoggerMessage(261, LogLevel.Warning, "Training run {Run} ended: {State}")]
    private partial void LogEnded(string run, TrainingRunState state);

    [LoggerMessage(263, LogLevel.Warning, "Looked again at {Orders} erasures and removed {Blobs} blobs that were written since by what was under way then")]
    private partial void LogReviewed(int orders, int blobs);

    [LoggerMessage(264, LogLevel.Error, "{What} could not be looked at again: {Why}; the next look goes on")]
    private partial void LogNotReviewed(string what, string why);

    [LoggerMessage(262, LogLevel.Error, "{Problem}")]
    private partial void LogDamaged(string problem);
}
