using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.TrainingRuns;

namespace CtSeg.Functions;

/// <summary>From time to time: ask again for a training run that nobody works on, and tidy up after those that were killed at their end.</summary>
internal sealed partial class ReconcileTrainingRunsTrigger(
    TrainingRunReconciler reconciler, TimeProvider clock, ILogger<ReconcileTrainingRunsTrigger> logger)
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
        var (source, now) = (EventSource.Of(Name), clock.GetUtcNow().UtcDateTime);
        return new Answer()
            .OutputAll(RequestsBinding, [.. outcome.AskAgain.Select(run => Request(run, source, now))])
            .OutputAll(EndedBinding, [.. outcome.Ended.Select(run => Ended(run, source, now))])
            .Log($"asked again for {outcome.AskAgain.Count}, ended {outcome.Ended.Count}");
    }

    private static Action<Utf8JsonWriter> Request(TrainingRunStatus run, string source, DateTime time) => json =>
        JsonSerializer.Serialize(json, TrainingEvents.Requested(run.Id, run.Attempt, source, time), ContractsJson.Default.CloudEventTrainingRequested);

    private static Action<Utf8JsonWriter> Ended(TrainingRunStatus run, string source, DateTime time) => json =>
        JsonSerializer.Serialize(json, TrainingEvents.Ended(run, source, time), ContractsJson.Default.CloudEventTrainingEnded);

    [LoggerMessage(260, LogLevel.Warning, "Training run {Run} is asked for again, attempt {Attempt}: nobody works on it")]
    private partial void LogAskedAgain(string run, int attempt);

    [LoggerMessage(261, LogLevel.Warning, "Training run {Run} ended: {State}")]
    private partial void LogEnded(string run, TrainingRunState state);

    [LoggerMessage(262, LogLevel.Error, "{Problem}")]
    private partial void LogDamaged(string problem);
}
