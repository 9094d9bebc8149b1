using System.CommandLine;

namespace CtSeg.TrainingJob.Registry;

/// <summary>`models rollback`.</summary>
internal static class RollbackCommand
{
    private static readonly Option<string> Reason = new("--reason") { DefaultValueFactory = _ => "By hand, no reason given.", Description = "Why, one sentence, for the audit." };
    private static readonly Option<bool> Json = new("--json") { Description = "As JSON." };

    public static Command Create(Func<string?, RegistryAccess> open)
    {
        var command = new Command("rollback", "Put the model back into use that served before; again, further back. Jobs take it between two slices.") { Reason, Json };
        command.SetAction((arguments, cancellationToken) => ModelsCommand.RunAsync(
            async () =>
            {
                var registry = open(null);
                var outcome = await registry.Alias.RollbackAsync(registry.User, arguments.GetValue(Reason)!.Trim() is { Length: > 0 } reason ? reason : "By hand.", cancellationToken);
                await AliasMoves.TellAsync(registry, outcome, cancellationToken);
                if (outcome.Done && await registry.Models.HoldsErasedDataAsync(outcome.Move.To.Version, cancellationToken))
                    await Console.Error.WriteLineAsync($"Data that {outcome.Move.To.Version} has learnt from were erased since: train another.");
                AliasMoves.Write(
                    new MoveAnswer(outcome.Done, outcome.Done ? outcome.Move.Reason : $"Another model, {outcome.Alias?.Model.Version}, was put into use meanwhile; nothing changed.", null, outcome.Move),
                    arguments.GetValue(Json));
                return outcome.Done ? ExitCodes.Success : ExitCodes.Failure;
            },
            cancellationToken));
        return command;
    }
}
