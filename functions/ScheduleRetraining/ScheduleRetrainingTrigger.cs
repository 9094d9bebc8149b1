using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.Telemetry;
using CtSeg.TrainingRuns;

namespace CtSeg.Functions;

/// <summary>Every night: ask for a training run, unless one is under way.</summary>
/// <param name="night">What is asked for; valid.</param>
internal sealed partial class ScheduleRetrainingTrigger(TrainingRunStore runs, TrainingRunRequest night, TimeProvider clock, ILogger<ScheduleRetrainingTrigger> logger)
{
    public const string Name = "ScheduleRetraining";
    public const string TimerBinding = "timer";
    public const string RequestBinding = "request";

    public async Task<Answer> RunAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using (var invocation = await Invocation.ReadAsync(request.Body, cancellationToken))
            invocation.Require(TimerBinding);
        var (run, isNew) = await runs.RequestAsync(night, cancellationToken);
        if (!isNew)
        {
            LogUnderWay(run.Id, run.State);
            return new Answer().Log($"training run {run.Id} is under way");
        }
        LogRequested(run.Id);
        var message = TrainingEvents.Requested(run.Id, run.Attempt, EventSource.Of(Name), clock.GetUtcNow().UtcDateTime, TraceContext.Of(request))
            .Created(Queues.TrainingRequests);
        return new Answer()
            .Output(RequestBinding, message, ContractsJson.Default.CloudEventTrainingRequested)
            .Log($"training run {run.Id}: asked for");
    }

    [LoggerMessage(250, LogLevel.Information, "Training run {Run} is asked for")]
    private partial void LogRequested(string run);

    [LoggerMessage(251, LogLevel.Warning, "No training run is asked for: {Run} is under way, {State}")]
    private partial void LogUnderWay(string run, TrainingRunState state);
}
