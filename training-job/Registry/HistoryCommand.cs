using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CtSeg.Models;

namespace CtSeg.TrainingJob.Registry;

/// <summary>`models history`.</summary>
internal static class HistoryCommand
{
    private static readonly Option<bool> Json = new("--json") { Description = "As JSON." };

    public static Command Create(Func<string?, RegistryAccess> open)
    {
        var command = new Command("history", "Show who or what moved which model into use, and why; the oldest first.") { Json };
        command.SetAction((arguments, cancellationToken) => ModelsCommand.RunAsync(
            async () =>
            {
                var registry = open(null);
                var moves = await registry.Audit.ListAsync(await FindMoveAsync(registry, cancellationToken), Console.Error.WriteLine, cancellationToken);
                if (arguments.GetValue(Json))
                    Console.WriteLine(JsonSerializer.Serialize(moves, ModelsJson.Default.IReadOnlyListAuditedMove));
                else
                    TableOf(moves).Write();
                return ExitCodes.Success;
            },
            cancellationToken));
        return command;
    }

    public static Table TableOf(IReadOnlyList<AuditedMove> moves)
    {
        var table = new Table("time (UTC)", "move", "from", "to", "by", "why", "");
        foreach (var (move, step) in moves)
        {
            table.Add(
                move.Time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), JsonNamingPolicy.KebabCaseLower.ConvertName(move.Kind.ToString()),
                move.From?.Version ?? "-", move.To.Version, move.By, move.Reason,
                step switch
                {
                    AliasMoveStep.Done => "",
                    AliasMoveStep.Lost => "lost: another move came first",
                    _ => "its end is not known",
                });
        }
        return table;
    }

    private static async Task<string?> FindMoveAsync(RegistryAccess registry, CancellationToken cancellationToken)
    {
        try
        {
            return (await registry.Models.ReadAliasAsync(cancellationToken))?.Model.MoveId;
        }
        catch (DamagedModelException e)
        {
            // The history is what helps then.
            await Console.Error.WriteLineAsync(e.Message);
            return null;
        }
    }
}
