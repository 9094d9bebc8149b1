using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;

namespace CtSeg.Models;

/// <summary>
/// Moves <c>models/current.json</c>: a note <c>intended</c>, the write under the ETag that was read, a note <c>done</c> or <c>lost</c>. Of two movers
/// at once exactly one wins.
/// </summary>
public sealed class ModelAlias(BlobServiceClient storage, TimeProvider time)
{
    /// <summary>Models that the alias remembers to have served before.</summary>
    public const int MaxBefore = 20;

    private const int IdBytes = 8;
    private readonly BlobClient _alias = storage.GetBlobContainerClient(Containers.Models).GetBlobClient(BlobPaths.CurrentModel);
    private readonly ModelStore _models = new(storage);
    private readonly AliasAudit _audit = new(storage);

    /// <param name="by">Who or what moves it: a run's id or a user's name.</param>
    /// <param name="reason">One sentence.</param>
    public AliasMove NewMove(AliasMoveKind kind, ServedModel to, string by, string reason) =>
        new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)), kind, to, by, reason, time.GetUtcNow().UtcDateTime);

    /// <summary>Moves the alias from what was read. Once intended, a move is not cut off by cancellation.</summary>
    /// <param name="read">What the decision rests on; null where there was no alias.</param>
    /// <exception cref="AliasMoveRefusedException">There is no such model, or it is damaged; nothing was written.</exception>
    /// <exception cref="RequestFailedException">Storage failed, and whether the alias moved is not known: its <see cref="CurrentModel.MoveId"/> will tell.</exception>
    /// <exception cref="AggregateException">The same, after several tries.</exception>
    public async Task<AliasMoveOutcome> MoveAsync(StoredAlias? read, AliasMove move, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(move);
        var to = await RequireModelAsync(move.To, cancellationToken);
        IReadOnlyList<ServedModel> before = [.. read?.Model.Before ?? []];
        if (read is not null && read.Served != move.To)
            before = [.. before.Append(read.Served).TakeLast(MaxBefore)];
        return await WriteAsync(read, read?.ETag, move with { To = to }, before, cancellationToken);
    }

    /// <summary>Back to the model that served before; again, further back.</summary>
    /// <exception cref="AliasMoveRefusedException">None served before, or that one is gone or damaged; nothing was written.</exception>
    /// <exception cref="DamagedModelException">The alias cannot be read.</exception>
    public async Task<AliasMoveOutcome> RollbackAsync(string by, string reason, CancellationToken cancellationToken)
    {
        var read = await _models.ReadAliasAsync(cancellationToken)
            ?? throw new AliasMoveRefusedException("No model is in use, so there is none to go back from.");
        if (read.Model.Before is not { Count: > 0 } before)
            throw new AliasMoveRefusedException($"No model served before {read.Model.Version}: promote one by its version.");
        var to = await RequireModelAsync(before[^1], cancellationToken);
        return await WriteAsync(read, read.ETag, NewMove(AliasMoveKind.Rollback, to, by, reason), [.. before.SkipLast(1)], cancellationToken);
    }

    /// <summary>Replaces an alias that cannot be read. The models before it are lost; the audit has them.</summary>
    /// <exception cref="AliasMoveRefusedException">The alias can be read, or there is no such model; nothing was written.</exception>
    public async Task<AliasMoveOutcome> RepairAsync(AliasMove move, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(move);
        var to = await RequireModelAsync(move.To, cancellationToken);
        try
        {
            await _models.ReadAliasAsync(cancellationToken);
        }
        catch (DamagedModelException)
        {
            var properties = await _alias.GetPropertiesAsync(cancellationToken: cancellationToken);
            return await WriteAsync(null, properties.Value.ETag, move with { To = to }, [], cancellationToken);
        }
        throw new AliasMoveRefusedException($"{ModelBlobs.NameOf(_alias)} is not damaged: move it from the model that it names.");
    }

    private async Task<AliasMoveOutcome> WriteAsync(
        StoredAlias? read, ETag? etag, AliasMove move, IReadOnlyList<ServedModel> before, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var noted = move with { From = read?.Served, After = read?.Model.MoveId };
        await _audit.NoteAsync(noted, AliasMoveStep.Intended);
        var current = new CurrentModel(move.To.Version, move.To.WeightsSha256)
        {
            ManifestSha256 = move.To.ManifestSha256,
            MoveId = move.Id,
            Before = before.Count == 0 ? null : before,
        };
        var (done, alias) = await TryWriteAsync(current, etag);
        return new AliasMoveOutcome(done, noted, alias, await TryNoteEndAsync(noted, done));
    }

    private async Task<(bool Done, StoredAlias? Alias)> TryWriteAsync(CurrentModel current, ETag? etag)
    {
        var conditions = etag is { } match ? new BlobRequestConditions { IfMatch = match } : new BlobRequestConditions { IfNoneMatch = ETag.All };
        try
        {
            var content = ModelBlobs.ToJson(current, ModelsJson.Default.CurrentModel);
            if (await ModelBlobs.TryWriteAsync(_alias, content, conditions, CancellationToken.None) is { } written)
                return (true, new StoredAlias(current, written));
        }
        catch (Exception e) when (IsFault(e))
        {
            // The write may have arrived all the same.
            if (await FindAliasAsync() is { } alias && alias.Model.MoveId == current.MoveId)
                return (true, alias);
            throw;
        }
        // Refused by another's write, or by this one's own whose answer was lost.
        var now = await FindAliasAsync();
        return (now?.Model.MoveId == current.MoveId || await _audit.IsFollowedAsync(current.MoveId!, CancellationToken.None), now);
    }

    private async Task<StoredAlias?> FindAliasAsync()
    {
        try
        {
            return await _models.ReadAliasAsync(CancellationToken.None);
        }
        catch (DamagedModelException)
        {
            return null;
        }
    }

    /// <summary>The alias has moved or not: that its note cannot be written must not look like a move that failed.</summary>
    private async Task<bool> TryNoteEndAsync(AliasMove move, bool done)
    {
        try
        {
            await _audit.NoteAsync(move, done ? AliasMoveStep.Done : AliasMoveStep.Lost);
            return true;
        }
        catch (Exception e) when (IsFault(e))
        {
            return false;
        }
    }

    // Nobody cancels here: such an exception is a timeout of the network.
    private static bool IsFault(Exception e) => e is RequestFailedException or AggregateException or IOException or OperationCanceledException;

    /// <returns>The model with the hash of its manifest as it is stored: from the first move on, that is the one that may serve.</returns>
    private async Task<ServedModel> RequireModelAsync(ServedModel to, CancellationToken cancellationToken)
    {
        try
        {
            var stored = await _models.FindServedAsync(to.Version, cancellationToken)
                ?? throw new AliasMoveRefusedException($"There is no model '{to.Version}': publish it first.");
            if (stored != to)
                throw new AliasMoveRefusedException($"The manifest of {to.Version} names the weights {stored.WeightsSha256}, not {to.WeightsSha256}: it is not the model that was meant.");
            if (to.ManifestSha256 is { } named && named != stored.ManifestSha256)
                throw new AliasMoveRefusedException($"The manifest of {to.Version} has the SHA-256 {stored.ManifestSha256}, not {named}: it was changed since, and jobs would not load the model.");
            return stored;
        }
        catch (DamagedModelException e)
        {
            throw new AliasMoveRefusedException($"The model {to.Version} cannot serve. {e.Message}", e);
        }
    }
}
