using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.ServiceBus;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Sends requests and alerts. The message id is the event id, so the same told twice is dropped by duplicate detection.</summary>
internal sealed class RetrainEvents(IMessageSender requests, IMessageSender alerts, TimeProvider time)
{
    public const string Source = "/ctseg/training-job";

    public Task RequestedAsync(TrainingRunStatus run, CancellationToken cancellationToken) =>
        SendAsync(requests, TrainingEvents.Requested(run.Id, run.Attempt, Source, UtcNow()), ContractsJson.Default.CloudEventTrainingRequested, cancellationToken);

    /// <param name="run">Has ended.</param>
    public Task EndedAsync(TrainingRunStatus run, CancellationToken cancellationToken) =>
        SendAsync(alerts, TrainingEvents.Ended(run, Source, UtcNow()), ContractsJson.Default.CloudEventTrainingEnded, cancellationToken);

    /// <param name="move">Was made.</param>
    public Task ChangedAsync(AliasMove move, CancellationToken cancellationToken) =>
        SendAsync(alerts, TrainingEvents.Changed(move, Source, UtcNow()), ContractsJson.Default.CloudEventModelChanged, cancellationToken);

    private static Task SendAsync<T>(IMessageSender sender, CloudEvent<T> told, JsonTypeInfo<CloudEvent<T>> type, CancellationToken cancellationToken) =>
        sender.SendAsync(
            new OutgoingMessage(JsonSerializer.SerializeToUtf8Bytes(told, type)) { MessageId = told.Id, Subject = told.Subject }, cancellationToken);

    private DateTime UtcNow() => time.GetUtcNow().UtcDateTime;
}
