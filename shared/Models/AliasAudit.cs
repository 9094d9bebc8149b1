using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;

namespace CtSeg.Models;

/// <summary>What a note says about a move of the alias.</summary>
public enum AliasMoveStep
{
    /// <summary>It is about to be made; alone, nobody noted its end.</summary>
    Intended,
    Done,
    /// <summary>Another writer came first.</summary>
    Lost,
}

/// <summary>A move of the alias with its last note.</summary>
public sealed record AuditedMove(AliasMove Move, AliasMoveStep Step);

/// <summary>The notes about moves of the alias in <c>audit/alias-moves/</c>; they are only ever added.</summary>
public sealed class AliasAudit(BlobServiceClient storage)
{
    private readonly BlobContainerClient _audit = storage.GetBlobContainerClient(Containers.Audit);

    /// <summary>All moves, the oldest first. A move whose end nobody noted counts as done where a later one began from it.</summary>
    /// <param name="current">The alias' own move, null where it has none: that one was done.</param>
    /// <param name="damaged">Is told the message about a note that cannot be read.</param>
    public async Task<IReadOnlyList<AuditedMove>> ListAsync(string? current, Action<string> damaged, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(damaged);
        var moves = new Dictionary<string, AuditedMove>(StringComparer.Ordinal);
        await foreach (var item in _audit.GetBlobsAsync(new GetBlobsOptions { Prefix = BlobPaths.AliasMoves }, cancellationToken))
        {
            if (await TryReadAsync(item.Name, damaged, cancellationToken) is not { } note)
                continue;
            if (!moves.TryGetValue(note.Move.Id, out var known) || known.Step == AliasMoveStep.Intended)
                moves[note.Move.Id] = note;
        }
        var followed = moves.Values.Select(move => move.Move.After).Append(current).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return InOrder(
            [.. moves.Values.Select(move => move.Step == AliasMoveStep.Intended && followed.Contains(move.Move.Id) ? move with { Step = AliasMoveStep.Done } : move)]);
    }

    /// <summary>Clocks of machines differ: a move comes after the one that it began from, whatever their times say.</summary>
    private static List<AuditedMove> InOrder(IReadOnlyList<AuditedMove> moves)
    {
        var byId = moves.ToDictionary(move => move.Move.Id, StringComparer.Ordinal);
        var (ordered, told) = (new List<AuditedMove>(moves.Count), new HashSet<string>(StringComparer.Ordinal));
        foreach (var next in moves.OrderBy(move => move.Move.Time).ThenBy(move => move.Move.Id, StringComparer.Ordinal))
        {
            // The earliest on top.
            var chain = new Stack<AuditedMove>();
            for (var move = next; move is not null && told.Add(move.Move.Id); move = move.Move.After is { } before ? byId.GetValueOrDefault(before) : null)
                chain.Push(move);
            ordered.AddRange(chain);
        }
        return ordered;
    }

    /// <summary>Not cut off by cancellation, as the move is not.</summary>
    internal async Task NoteAsync(AliasMove move, AliasMoveStep step)
    {
        var blob = _audit.GetBlobClient(BlobPaths.AliasMove(move.Time, move.Id, NameOf(step)));
        var json = ModelBlobs.ToJson(move, ModelsJson.Default.AliasMove);
        // Ids are random: a note that is there already is this one, whose answer was lost.
        await ModelBlobs.TryCreateAsync(blob, json, CancellationToken.None);
    }

    /// <summary>Whether another move began from that one, which therefore was made.</summary>
    internal async Task<bool> IsFollowedAsync(string move, CancellationToken cancellationToken)
    {
        await foreach (var item in _audit.GetBlobsAsync(new GetBlobsOptions { Prefix = BlobPaths.AliasMoves }, cancellationToken))
            if (await TryReadAsync(item.Name, _ => { }, cancellationToken) is { } note && note.Move.After == move)
                return true;
        return false;
    }

    private async Task<AuditedMove?> TryReadAsync(string name, Action<string> damaged, CancellationToken cancellationToken)
    {
        var blob = _audit.GetBlobClient(name);
        var step = Enum.GetValues<AliasMoveStep>().Cast<AliasMoveStep?>().FirstOrDefault(step => name.EndsWith($"-{NameOf(step!.Value)}.json", StringComparison.Ordinal));
        if (step is null)
        {
            damaged($"{ModelBlobs.NameOf(blob)} is no note about a move of the alias.");
            return null;
        }
        try
        {
            return await ModelBlobs.FindAsync(blob, cancellationToken) is { } found
                ? new AuditedMove(ModelBlobs.Parse(blob, found.Content, ModelsJson.Default.AliasMove), step.Value)
                : null;
        }
        catch (DamagedModelException e)
        {
            damaged(e.Message);
            return null;
        }
    }

    private static string NameOf(AliasMoveStep step) => step switch
    {
        AliasMoveStep.Intended => "intended",
        AliasMoveStep.Done => "done",
        _ => "lost",
    };
}
