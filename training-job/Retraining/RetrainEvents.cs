using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.ServiceBus;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Sends requests and alerts.</summary>
internal sealed class RetrainEvents(IMessageSender requests, IMessageSender alerts, TimeProvider time)
{
    public Task RequestedAsync(TrainingRunStatus run, CancellationToken cancellationToken) =>
        requests.SendAsync(
            Queues.TrainingRequests, TrainingEvents.Requested(run.Id, run.Attempt, EventMessages.Source, UtcNow()), ContractsJson.Default.CloudEventTrainingRequested, cancellationToken);

    /// <param name="run">Has ended.</param>
    public Task EndedAsync(TrainingRunStatus run, CancellationToken cancellationToken) =>
        alerts.SendAsync(Queues.Alerts, TrainingEvents.Ended(run, EventMessages.Source, UtcNow()), ContractsJson.Default.CloudEventTrainingEnded, cancellationToken);

    /// <param name="move">Was made.</param>
    public Task ChangedAsync(AliasMove move, CancellationToken cancellationToken) =>
        alerts.SendAsync(Queues.Alerts, TrainingEvents.Changed(move, EventMessages.Source, UtcNow()), ContractsJson.Default.CloudEventModelChanged, cancellationToken);

    private DateTime UtcNow() => time.GetUtcNow().UtcDateTime;
}
