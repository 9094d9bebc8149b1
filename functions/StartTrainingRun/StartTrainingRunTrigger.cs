using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Functions.Protocol;
using CtSeg.Telemetry;
using CtSeg.TrainingRuns;

namespace CtSeg.Functions;

/// <summary>
/// <c>POST /api/training-runs</c>: 202 for a new run, 200 with the run that is under way, 400 for an order that cannot be. Not proxied, because it
/// also sends a message.
/// </summary>
internal sealed partial class StartTrainingRunTrigger(TrainingRunStore runs, TimeProvider clock, ILogger<StartTrainingRunTrigger> logger)
{
    public const string Name = "StartTrainingRun";
    public const string Route = ListTrainingRunsEndpoint.Route;
    public const string HttpBinding = "req";
    public const string ResponseBinding = "res";
    public const string RequestBinding = "request";

    public async Task<Answer> RunAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var invocation = await Invocation.ReadAsync(request.Body, cancellationToken);
        if (TrainingRunOrder.Parse(invocation.HttpBodyOf(HttpBinding), out var problem) is not { } order)
        {
            LogRefused();
            return new Answer().Output(ResponseBinding, HttpOutput.Problem(StatusCodes.Status400BadRequest, problem!), ProtocolJson.Default.HttpOutput);
        }
        var (run, isNew) = await runs.RequestAsync(order, cancellationToken);
        var answer = new Answer().Output(ResponseBinding, Describe(run, isNew), ProtocolJson.Default.HttpOutput);
        if (!isNew)
        {
            LogUnderWay(run.Id, run.State);
            return answer.Log($"training run {run.Id} is under way");
        }
        LogRequested(run.Id);
        var message = TrainingEvents.Requested(run.Id, run.Attempt, EventSource.Of(Name), clock.GetUtcNow().UtcDateTime, TraceContext.Of(request))
            .Created(Queues.TrainingRequests);
        return answer.Output(RequestBinding, message, ContractsJson.Default.CloudEventTrainingRequested).Log($"training run {run.Id}: asked for");
    }

    private static HttpOutput Describe(TrainingRunStatus run, bool isNew) => HttpOutput.Json(
        isNew ? StatusCodes.Status202Accepted : StatusCodes.Status200OK,
        JsonSerializer.Serialize(run, ContractsJson.Default.TrainingRunStatus),
        ("Location", $"/api/{Route}/{run.Id}"));

    [LoggerMessage(270, LogLevel.Information, "Training run {Run} is asked for")]
    private partial void LogRequested(string run);

    [LoggerMessage(271, LogLevel.Information, "A training run was asked for while {Run} is under way, {State}")]
    private partial void LogUnderWay(string run, TrainingRunState state);

    [LoggerMessage(272, LogLevel.Warning, "An order of a training run was refused")]
    private partial void LogRefused();
}
