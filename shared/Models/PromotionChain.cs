using Azure.Storage.Blobs;

namespace CtSeg.Models;

/// <summary>
/// Where the promotions that led to a model began: at the last model that somebody put into use by force, or at the first. Each promotion may cost a class a
/// little beside the model before it; beside that beginning they must not cost more all together.
/// </summary>
public sealed class PromotionChain(BlobServiceClient storage)
{
    private readonly AliasAudit _audit = new(storage);
    private readonly ModelStore _models = new(storage);

    /// <param name="served">That serves, or did.</param>
    /// <returns>The same model where no promotion led to it; null where it never served.</returns>
    public async Task<ServedModel?> FindStartAsync(ServedModel served, CancellationToken cancellationToken)
    {
        var moves = await _audit.ListAsync(await FindCurrentMoveAsync(cancellationToken), damaged: _ => { }, cancellationToken);
        return StartOf(served, [.. moves.Where(move => move.Step == AliasMoveStep.Done).Select(move => move.Move)]);
    }

    /// <param name="moves">That were made, the oldest first.</param>
    private static ServedModel? StartOf(ServedModel served, List<AliasMove> moves)
    {
        ServedModel? start = null;
        for (var at = moves.FindLastIndex(move => move.To == served); at >= 0;)
        {
            var move = moves[at];
            start = move.To;
            // A rollback leads no further than the model had come before.
            if (move.Kind == AliasMoveKind.Rollback)
                at = moves.FindLastIndex(at, earlier => earlier.To == move.To && earlier.Kind != AliasMoveKind.Rollback);
            else if (move is { Kind: AliasMoveKind.Promotion, From: { } from })
                // A note that is gone ends the look back.
                (start, at) = (from, move.After is { } after ? moves.FindLastIndex(at, earlier => earlier.Id == after) : -1);
            else
                return start;
        }
        return start;
    }

    private async Task<string?> FindCurrentMoveAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await _models.ReadAliasAsync(cancellationToken))?.Model.MoveId;
        }
        catch (DamagedModelException)
        {
            return null;
        }
    }
}
