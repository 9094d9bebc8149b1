using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.ServiceBus;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Registry;

/// <summary>Tells the world and the user what became of a move.</summary>
internal static class AliasMoves
{
    /// <summary>Whoever chooses a model by hand may have good reasons for one whose data are gone, and has to know.</summary>
    public static async Task WarnOfErasureAsync(RegistryAccess registry, ServedModel model, CancellationToken cancellationToken)
    {
        if (await registry.Models.HoldsErasedDataAsync(model.Version, cancellationToken))
            await Console.Error.WriteLineAsync($"Data that {model.Version} has learnt from were erased since: train another.");
    }

    /// <summary>The alias has moved: that nobody could be told must not look like a failure.</summary>
    public static async Task TellAsync(RegistryAccess registry, AliasMoveOutcome outcome, CancellationToken cancellationToken)
    {
        if (!outcome.Noted)
            await Console.Error.WriteLineAsync("The note about the end of the move could not be written; 'models history' knows it all the same.");
        if (!outcome.Done)
            return;
        if (registry.OpenServiceBus is null)
        {
            await Console.Error.WriteLineAsync("No Service Bus is set, so nobody is alerted; jobs see the new model by themselves.");
            return;
        }
        try
        {
            await using var bus = registry.OpenServiceBus();
            await using var alerts = bus.CreateSender(Queues.Alerts);
            var changed = TrainingEvents.Changed(outcome.Move, EventMessages.Source, registry.Time.GetUtcNow().UtcDateTime);
            await alerts.SendAsync(EventMessages.Of(changed, ContractsJson.Default.CloudEventModelChanged), cancellationToken);
        }
        catch (Exception e) when (e is ServiceBusException or FormatException or TimeoutException or IOException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"The new model serves, but the queue of alerts was not told: {e.Message}");
        }
    }

    public static void Write(MoveAnswer answer, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(answer, RegistryJson.Default.MoveAnswer));
            return;
        }
        if (answer.Decision is { } decision)
            DecisionText.Write(decision, "Promoted", "Refused");
        if (answer.Decision is null || answer.Moved == answer.Decision.Promote)
            Console.WriteLine(answer.Moved ? $"{answer.Move!.To.Version} serves from the next slice on{(answer.Move.From is { } before ? $", in place of {before.Version}" : "")}." : answer.Reason);
        else
            Console.WriteLine(answer.Reason);
    }
}
