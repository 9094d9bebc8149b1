using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
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

    /// <value>Keys of which one must have signed a model that is put into use; none where it needs no signature.</value>
    public TrustedKeys Trusted { get; init; } = TrustedKeys.None;

    private UsableModels Usable => new(_models, Trusted);

    /// <param name="by">Who or what moves it: a run's id or a user's name.</param>
    /// <param name="reason">One sentence.</param>
    public AliasMove NewMove(AliasMoveKind kind, ServedModel to, string by, string reason) =>
        new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)), kind, to, by, reason, time.GetUtcNow().UtcDateTime);

    /// <returns>The model of a version, with the hashes of its weights and manifest as they are now: if it is moved to, it must still be the same.</returns>
    /// <exception cref="AliasMoveRefusedException">No job could load it; the message says why.</exception>
    public Task<ServedModel> FindUsableAsync(string version, CancellationToken cancellationToken) => Usable.RequireAsync(version, cancellationToken);

    /// <summary>Moves the alias from what was read. Once intended, a move is not cut off by cancellation.</summary>
    /// <param name="read">What the decision rests on; null where there was no alias.</param>
    /// <exception cref="AliasMoveRefusedException">
    /// No job could load the model, or it is to be promoted and data that it saw were erased; nothing was written.
    /// </exception>
    /// <exception cref="RequestFailedException">Storage failed, and whether the alias moved is not known: its <see cref="CurrentModel.MoveId"/> will tell.</exception>
    /// <exception cref="AggregateException">The same, after several tries.</exception>
    public async Task<AliasMoveOutcome> MoveAsync(StoredAlias? read, AliasMove move, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(move);
        var to = await Usable.RequireAsync(move.To, cancellationToken);
        // As late as can be: the decision took minutes.
        if (move.Kind == AliasMoveKind.Promotion && await _models.HoldsErasedDataAsync(move.To.Version, cancellationToken))
            throw new AliasMoveRefusedException($"Data that {move.To.Version} has learnt from were erased since: train another, or put it into use by force, with a reason.");
        IReadOnlyList<ServedModel> before = [.. read?.Model.Before ?? []];
        if (read is not null && read.Served != move.To)
            before = [.. before.Append(read.Served).TakeLast(MaxBefore)];
        return await WriteAsync(read, read?.ETag, move with { To = to }, before, cancellationToken);
    }

    /// <summary>Back to the model that served before; again, further back.</summary>
    /// <exception cref="AliasMoveRefusedException">None served before, or no job could load that one; nothing was written.</exception>
    /// <exception cref="DamagedModelException">The alias cannot be read.</exception>
    public async Task<AliasMoveOutcome> RollbackAsync(string by, string reason, CancellationToken cancellationToken) =>
        await RollbackAsync(await FindWayBackAsync(to: null, cancellationToken), by, reason, cancellationToken);

    /// <param name="way">Of <see cref="FindWayBackAsync"/>.</param>
    public Task<AliasMoveOutcome> RollbackAsync(WayBack way, string by, string reason, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(way);
        return WriteAsync(way.Read, way.Read.ETag, NewMove(AliasMoveKind.Rollback, way.To, by, reason), way.Before, cancellationToken);
    }

    /// <summary>Finds a model that served before and checks that jobs can load it. Nothing is written.</summary>
    /// <param name="to">Its version; null for the last one.</param>
    /// <exception cref="AliasMoveRefusedException">There is none, or no job could load it; the message names an earlier one that they could.</exception>
    /// <exception cref="DamagedModelException">The alias cannot be read.</exception>
    public async Task<WayBack> FindWayBackAsync(string? to, CancellationToken cancellationToken)
    {
        var read = await _models.ReadAliasAsync(cancellationToken)
            ?? throw new AliasMoveRefusedException("No model is in use, so there is none to go back from.");
        var before = read.Model.Before ?? [];
        if (to is not null && to == read.Model.Version)
            throw new AliasMoveRefusedException($"{to} serves already; nothing changed.");
        var at = before.Count - 1;
        while (at >= 0 && to is not null && before[at].Version != to)
            at--;
        if (at < 0)
            throw new AliasMoveRefusedException($"{(to is null ? "No model" : $"The model '{to}' is none of those that")} served before {read.Model.Version}{NamesOf(before)}: a rollback goes back only, and forgets what it went back from. 'models promote V --force --reason ...' puts any model into use.");
        try
        {
            return new WayBack(read, await Usable.RequireAsync(before[at], cancellationToken), [.. before.Take(at)]);
        }
        catch (AliasMoveRefusedException e)
        {
            var earlier = await Usable.FindLastAsync(before.Take(at).Where(model => model != read.Served), cancellationToken);
            throw new AliasMoveRefusedException(
                $"{e.Message} {read.Model.Version} goes on serving. " + (earlier is null
                    ? "No model that served earlier can serve either: 'models promote V --force --reason ...' puts any other into use."
                    : $"{earlier.Version} served earlier and can serve: 'models rollback --to {earlier.Version}'."), e);
        }
    }

    /// <summary>Replaces an alias that cannot be read. The models before it are lost; the audit has them.</summary>
    /// <exception cref="AliasMoveRefusedException">The alias can be read, or no job could load the model; nothing was written.</exception>
    public async Task<AliasMoveOutcome> RepairAsync(AliasMove move, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(move);
        var to = await Usable.RequireAsync(move.To, cancellationToken);
        // Before it is read: one that another repairs meanwhile has another ETag and is not replaced.
        var etag = (await _alias.GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ETag;
        try
        {
            await _models.ReadAliasAsync(cancellationToken);
        }
        catch (DamagedModelException)
        {
            return await WriteAsync(null, etag, move with { To = to }, [], cancellationToken);
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
        try
        {
            var content = ModelBlobs.ToJson(current, ModelsJson.Default.CurrentModel);
            if (await ModelBlobs.TryWriteAsync(_alias, content, etag, CancellationToken.None) is { } written)
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

    private static string NamesOf(IReadOnlyList<ServedModel> models) =>
        models.Count == 0 ? "" : $" ({string.Join(", ", models.Select(model => model.Version).Distinct(StringComparer.Ordinal))} did)";
}
