using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.ServiceBus;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Registry;

/// <summary>Tells operators that another model serves.</summary>
internal static class ModelAlerts
{
    private const string Source = "/ctseg/training-job";

    /// <summary>Told again, it has the same id, and duplicate detection drops it.</summary>
    /// <exception cref="ServiceBusException">The service refused, or stayed out of reach.</exception>
    public static async Task ChangedAsync(IServiceBusClient bus, AliasMove move, TimeProvider time, CancellationToken cancellationToken)
    {
        var changed = TrainingEvents.Changed(move, Source, time.GetUtcNow().UtcDateTime);
        await using var sender = bus.CreateSender(Queues.Alerts);
        await sender.SendAsync(
            new OutgoingMessage(JsonSerializer.SerializeToUtf8Bytes(changed, ContractsJson.Default.CloudEventModelChanged))
            {
                MessageId = changed.Id,
                Subject = changed.Subject,
            },
            cancellationToken);
    }
}
