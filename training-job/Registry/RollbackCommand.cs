using System.CommandLine;

namespace CtSeg.TrainingJob.Registry;

/// <summary>`models rollback`.</summary>
internal static class RollbackCommand
{
    private const string NoReason = "By hand, no reason given.";
    private static readonly Option<string?> To = new("--to") { Description = "Version of one that served earlier still; the last one if not given." };
    private static readonly Option<string> Reason = new("--reason") { DefaultValueFactory = _ => NoReason, Description = "Why, one sentence, for the audit." };
    private static readonly Option<bool> Json = new("--json") { Description = "As JSON." };

    public static Command Create(Func<string?, RegistryAccess> open)
    {
        var command = new Command("rollback", """
            Put the model back into use that served before; again, further back. Jobs take it between two slices. One that jobs could not load
            is refused, and an earlier one named.

            Examples:
              models rollback --reason "masks look wrong"
              models rollback --to 2026.2
            """)
        {
            To, Reason, Json, ModelsCommand.TrustedKeysOption,
        };
        command.SetAction((arguments, cancellationToken) => ModelsCommand.RunAsync(
            async () =>
            {
                var registry = open(arguments.GetValue(ModelsCommand.TrustedKeysOption));
                var way = await registry.Alias.FindWayBackAsync(arguments.GetValue(To), cancellationToken);
                await AliasMoves.WarnOfErasureAsync(registry, way.To, cancellationToken);
                var reason = arguments.GetValue(Reason)!.Trim() is { Length: > 0 } given ? given : NoReason;
                var outcome = await registry.Alias.RollbackAsync(way, registry.User, reason, cancellationToken);
                await AliasMoves.TellAsync(registry, outcome, cancellationToken);
                AliasMoves.Write(
                    new MoveAnswer(outcome.Done, outcome.Done ? outcome.Move.Reason : $"Another model, {outcome.Alias?.Model.Version}, was put into use meanwhile; nothing changed.", null, outcome.Move),
                    arguments.GetValue(Json));
                return outcome.Done ? ExitCodes.Success : ExitCodes.Failure;
            },
            cancellationToken));
        return command;
    }
}
