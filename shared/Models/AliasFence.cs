using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.Models;

/// <summary>For a move of the alias whose maker is gone, or only stalled: whether it was made, and if not, that it is not made later.</summary>
public sealed class AliasFence(BlobServiceClient storage)
{
    private const int MaxConflicts = 10;
    private readonly BlobClient _alias = storage.GetBlobContainerClient(Containers.Models).GetBlobClient(BlobPaths.CurrentModel);
    private readonly ModelStore _models = new(storage);
    private readonly AliasAudit _audit = new(storage);

    /// <summary>
    /// Where the move was not made, the alias gets another ETag and keeps its content: whoever read it before, as every mover does, can no longer write it.
    /// </summary>
    /// <param name="move">Its id.</param>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public async Task<bool> WasMadeAsync(string move, CancellationToken cancellationToken)
    {
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            var read = await TryReadAsync(cancellationToken);
            var moves = await _audit.ListAsync(read?.Model.MoveId, _ => { }, cancellationToken);
            if (read?.Model.MoveId == move || moves.Any(known => known.Move.Id == move && known.Step == AliasMoveStep.Done))
                return true;
            // One that is gone or damaged is another than any mover can have read.
            if (read is null || await TryRaiseAsync(read.ETag, move, cancellationToken))
                return false;
        }
        throw new InvalidOperationException($"{ModelBlobs.NameOf(_alias)} changed under {MaxConflicts} attempts to write it.");
    }

    private async Task<StoredAlias?> TryReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _models.ReadAliasAsync(cancellationToken);
        }
        catch (DamagedModelException)
        {
            return null;
        }
    }

    private async Task<bool> TryRaiseAsync(ETag read, string move, CancellationToken cancellationToken)
    {
        try
        {
            await _alias.SetMetadataAsync(new Dictionary<string, string> { ["fence"] = move }, new BlobRequestConditions { IfMatch = read }, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e) || BlobAnswers.IsNotThere(e))
        {
            return false;
        }
    }
}
