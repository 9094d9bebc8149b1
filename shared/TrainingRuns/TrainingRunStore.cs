using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.TrainingRuns;

/// <summary>
/// The documents of training runs. Every write is conditional on the ETag that was read. At most one run is under way: <c>active.json</c> names it.
/// </summary>
public sealed class TrainingRunStore(BlobServiceClient storage, TimeProvider time)
{
    private const int MaxConflicts = 20;
    private const string WriteMetadata = "write";
    private const int WriteIdLength = 16;
    private readonly BlobContainerClient _runs = storage.GetBlobContainerClient(Containers.TrainingRuns);
    private readonly ActiveRunStore _active = new(storage);

    /// <value>A beat that is older than this is one of a job that is gone; 2 minutes.</value>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromMinutes(2);

    public TrainingCheckpointStore Checkpoints { get; } = new(storage);

    /// <summary>Makes a run, or finds the one that is under way.</summary>
    /// <exception cref="InvalidOperationException">Other requests came first every time.</exception>
    public async Task<RequestedTrainingRun> RequestAsync(TrainingRunRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var now = UtcNow();
        var wanted = new ActiveTrainingRun(TrainingRunId.New(now), now, request);
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            if (await _active.TryCreateAsync(wanted, cancellationToken) && await MaterialiseAsync(wanted, cancellationToken) is { } made)
                return new RequestedTrainingRun(made, IsNew: true);
            if (await FindActiveAsync(cancellationToken) is { } active)
                return new RequestedTrainingRun(active, IsNew: active.Id == wanted.RunId);
        }
        throw new InvalidOperationException($"{BlobPaths.ActiveTrainingRun} changed under {MaxConflicts} attempts to write it: try again.");
    }

    /// <summary>
    /// The run that is under way. What its makers or enders were cut off from is completed on the way: a missing document is created, what remains of an
    /// ended run is removed.
    /// </summary>
    public async Task<TrainingRunStatus?> FindActiveAsync(CancellationToken cancellationToken)
    {
        if (await _active.FindAsync(cancellationToken) is not { } found)
            return null;
        if (found.Active is not { } active)
        {
            await _active.TryDeleteAsync(found, cancellationToken);
            return await ReadoptAsync(cancellationToken);
        }
        var run = await MaterialiseAsync(active, cancellationToken);
        if (run is { HasEnded: false })
            return run;
        await Checkpoints.DeleteAsync(active.RunId, cancellationToken);
        await _active.TryDeleteAsync(found, cancellationToken);
        return null;
    }

    /// <returns>Null when the run is unknown.</returns>
    /// <exception cref="DamagedTrainingRunException">Its document cannot be read.</exception>
    public async Task<StoredTrainingRun?> FindAsync(string id, CancellationToken cancellationToken)
    {
        return TrainingRunId.IsValid(id) && await ReadAsync(id, cancellationToken) is var (stored, _) ? stored : null;
    }

    /// <summary>Reads, changes and writes until no other writer came between.</summary>
    /// <param name="change">The new document, or null to leave it as it is.</param>
    /// <returns>The document as it stands afterwards and whether this call wrote it; null when the run is unknown.</returns>
    /// <exception cref="DamagedTrainingRunException">Its document cannot be read.</exception>
    /// <exception cref="InvalidOperationException">Other writers came first every time.</exception>
    public async Task<(TrainingRunStatus Run, bool Written)?> ChangeAsync(
        string id, Func<TrainingRunStatus, TrainingRunStatus?> change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        var write = RandomNumberGenerator.GetHexString(WriteIdLength, lowercase: true);
        for (var conflict = 0; conflict < MaxConflicts; conflict++)
        {
            if (!TrainingRunId.IsValid(id) || await ReadAsync(id, cancellationToken) is not var (read, lastWrite))
                return null;
            // The answer to a write may be lost and its repetition refused: what stands there is then this very write.
            if (lastWrite == write)
                return (read.Run, true);
            if (change(read.Run) is not { } changed)
                return (read.Run, false);
            if (await TryWriteAsync(changed, write, new BlobRequestConditions { IfMatch = read.ETag }, cancellationToken))
                return (changed, true);
        }
        throw new InvalidOperationException($"The document of training run {id} changed under {MaxConflicts} attempts to write it.");
    }

    /// <summary>Newest first. A document that cannot be read is told and hides no other.</summary>
    /// <param name="limit">Null for all.</param>
    public async IAsyncEnumerable<TrainingRunListing> ListAsync(int? limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        // The blobs of a run lie in a folder of its name: a slash ends the listing there.
        var options = new GetBlobsByHierarchyOptions { Delimiter = "/" };
        await foreach (var item in _runs.GetBlobsByHierarchyAsync(options, cancellationToken))
            if (item.IsBlob && TrainingRunId.IsValid(Path.GetFileNameWithoutExtension(item.Blob.Name)) && item.Blob.Name.EndsWith(".json", StringComparison.Ordinal))
                ids.Add(Path.GetFileNameWithoutExtension(item.Blob.Name));
        ids.Sort((one, other) => string.CompareOrdinal(other, one));
        foreach (var id in ids.Take(limit ?? int.MaxValue))
            if (await ReadForListAsync(id, cancellationToken) is { } listing)
                yield return listing;
    }

    /// <summary>Takes a run that nobody works on, or whose owner's beat is old.</summary>
    /// <param name="owner">A random id of the caller's process.</param>
    public async Task<ClaimedTrainingRun> ClaimAsync(string id, string owner, CancellationToken cancellationToken)
    {
        var changed = await ChangeAsync(
            id, run => run.HasEnded || IsHeldByOther(run, owner) ? null : run with { Beat = new RunBeat(owner, UtcNow()) }, cancellationToken);
        return changed switch
        {
            null => new ClaimedTrainingRun(TrainingRunClaim.Unknown, null),
            { Run: { HasEnded: true } run } => new ClaimedTrainingRun(TrainingRunClaim.Ended, run),
            { Run: var run, Written: false } => new ClaimedTrainingRun(TrainingRunClaim.Held, run),
            { Run: var run } => new ClaimedTrainingRun(TrainingRunClaim.Claimed, run),
        };
    }

    /// <summary>A change by the owner; it renews the beat too.</summary>
    /// <param name="change">Null for the beat alone.</param>
    /// <exception cref="TrainingRunLostException">The caller is no longer the owner, or the run has ended.</exception>
    public async Task<TrainingRunStatus> ChangeOwnAsync(
        string id, string owner, Func<TrainingRunStatus, TrainingRunStatus>? change, CancellationToken cancellationToken)
    {
        var (run, written) = await ChangeAsync(
            id, read => IsOwn(read, owner) ? (change?.Invoke(read) ?? read) with { Beat = new RunBeat(owner, UtcNow()) } : null, cancellationToken)
            ?? throw new TrainingRunLostException($"The document of training run {id} is gone.");
        return written ? run : throw Lost(run);
    }

    /// <summary>Gives a run back: any job may take it at once. Nothing happens where the caller is not its owner.</summary>
    public Task ReleaseAsync(string id, string owner, Func<TrainingRunStatus, TrainingRunStatus>? change, CancellationToken cancellationToken) =>
        ChangeAsync(id, run => IsOwn(run, owner) ? (change?.Invoke(run) ?? run) with { Beat = null } : null, cancellationToken);

    /// <summary>
    /// Gives a run back that waits for its shadow. Not one that somebody asked to cancel: nobody would come for it, so its owner has to end it. Nothing
    /// happens where the caller is not its owner.
    /// </summary>
    /// <returns>False where it is to be cancelled, and stays the caller's.</returns>
    public async Task<bool> TryLeaveAsync(string id, string owner, CancellationToken cancellationToken)
    {
        var left = await ChangeAsync(id, run => IsOwn(run, owner) && !run.CancelRequested ? run with { Beat = null } : null, cancellationToken);
        return left is not { Written: false, Run: var run } || !IsOwn(run, owner);
    }

    /// <summary>The owner's end of a run: document, checkpoint, <c>active.json</c>. One that is cut off is completed by <see cref="FindActiveAsync"/>.</summary>
    /// <param name="end">Of <see cref="TrainingRunStatus.Ended"/>.</param>
    /// <exception cref="TrainingRunLostException">The caller is no longer the owner, or the run has ended.</exception>
    public async Task<TrainingRunStatus> EndOwnAsync(string id, string owner, Func<TrainingRunStatus, TrainingRunStatus> end, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(end);
        var (run, written) = await ChangeAsync(id, read => IsOwn(read, owner) ? end(read) : null, cancellationToken)
            ?? throw new TrainingRunLostException($"The document of training run {id} is gone.");
        if (!written)
            throw Lost(run);
        await TidyAsync(id, cancellationToken);
        return run;
    }

    /// <summary>Ends a run from outside, whoever works on it; that job notices at its next write. Not one whose challenger is just being put into use.</summary>
    /// <param name="state">From <see cref="TrainingRunState.Promoted"/> on.</param>
    /// <returns>The document as it stands afterwards; null when the run is unknown.</returns>
    public async Task<TrainingRunStatus?> EndAsync(string id, TrainingRunState state, string reason, CancellationToken cancellationToken)
    {
        var changed = await ChangeAsync(
            id, run => run.HasEnded || run.AliasMoveId is not null ? null : run.Ended(state, reason, UtcNow()), cancellationToken);
        if (changed is { Run.HasEnded: true })
            await TidyAsync(id, cancellationToken);
        return changed?.Run;
    }

    /// <param name="reason">One sentence: who cancelled it.</param>
    public async Task<TrainingRunCancellation> CancelAsync(string id, string reason, CancellationToken cancellationToken)
    {
        var outcome = TrainingRunCancellation.Unknown;
        await ChangeAsync(id, Cancel, cancellationToken);
        if (outcome == TrainingRunCancellation.Cancelled)
            await TidyAsync(id, cancellationToken);
        return outcome;

        TrainingRunStatus? Cancel(TrainingRunStatus run)
        {
            outcome = run switch
            {
                { HasEnded: true } => TrainingRunCancellation.HadEnded,
                { AliasMoveId: not null } => TrainingRunCancellation.TooLate,
                _ when IsHeldByOther(run, owner: "") => TrainingRunCancellation.Asked,
                _ => TrainingRunCancellation.Cancelled,
            };
            return outcome switch
            {
                TrainingRunCancellation.Asked when !run.CancelRequested => run with { CancelRequested = true },
                TrainingRunCancellation.Cancelled => run.Ended(TrainingRunState.Cancelled, reason, UtcNow()),
                _ => null,
            };
        }
    }

    /// <summary>What remains of an ended run, in the order that lets anybody go on: checkpoint, then <c>active.json</c> where it names this run.</summary>
    public async Task TidyAsync(string id, CancellationToken cancellationToken)
    {
        await Checkpoints.DeleteAsync(id, cancellationToken);
        if (await _active.FindAsync(cancellationToken) is { } found && found.Active?.RunId == id)
            await _active.TryDeleteAsync(found, cancellationToken);
    }

    /// <summary>The document of the run that <c>active.json</c> names, created where it is missing.</summary>
    /// <returns>Null where it cannot be read: nobody can go on with it, so it counts as ended.</returns>
    private async Task<TrainingRunStatus?> MaterialiseAsync(ActiveTrainingRun active, CancellationToken cancellationToken)
    {
        try
        {
            if (await FindAsync(active.RunId, cancellationToken) is { } found)
                return found.Run;
            var run = TrainingRunStatus.Requested(active.RunId, active.Request, active.Since);
            return await TryWriteAsync(run, write: "made", new BlobRequestConditions { IfNoneMatch = ETag.All }, cancellationToken)
                ? run
                : (await FindAsync(active.RunId, cancellationToken))?.Run;
        }
        catch (DamagedTrainingRunException)
        {
            return null;
        }
    }

    /// <summary>After a damaged <c>active.json</c>: a run that has not ended becomes the active one again.</summary>
    private async Task<TrainingRunStatus?> ReadoptAsync(CancellationToken cancellationToken)
    {
        await foreach (var listing in ListAsync(limit: null, cancellationToken))
            if (listing.Run is { HasEnded: false } run)
                return await _active.TryCreateAsync(new ActiveTrainingRun(run.Id, run.Timeline[0].Time, run.Request), cancellationToken) ? run : null;
        return null;
    }

    private async Task<TrainingRunListing?> ReadForListAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return await FindAsync(id, cancellationToken) is { } found ? new TrainingRunListing(id, found.Run) : null;
        }
        catch (DamagedTrainingRunException e)
        {
            return new TrainingRunListing(id, null) { Problem = e.Message };
        }
    }

    private bool IsHeldByOther(TrainingRunStatus run, string owner) =>
        run.Beat is { } beat && beat.Owner != owner && UtcNow() - beat.Time < StaleAfter;

    private static bool IsOwn(TrainingRunStatus run, string owner) => !run.HasEnded && run.Beat?.Owner == owner;

    private static TrainingRunLostException Lost(TrainingRunStatus run) => new(
        run.HasEnded ? $"Training run {run.Id} has ended as {run.State}." : $"Another job has taken over training run {run.Id}.");

    private async Task<(StoredTrainingRun Stored, string? Write)?> ReadAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            var answer = (await BlobOf(id).DownloadContentAsync(cancellationToken)).Value;
            return (new StoredTrainingRun(Parse(id, answer.Content), answer.Details.ETag), answer.Details.Metadata.TryGetValue(WriteMetadata, out var write) ? write : null);
        }
        catch (RequestFailedException e) when (BlobAnswers.IsNotThere(e))
        {
            return null;
        }
    }

    /// <param name="write">Tells this write from any other.</param>
    private async Task<bool> TryWriteAsync(TrainingRunStatus run, string write, BlobRequestConditions conditions, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Conditions = conditions,
            HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
            Metadata = new Dictionary<string, string> { [WriteMetadata] = write },
        };
        try
        {
            await BlobOf(run.Id).UploadAsync(new BinaryData(JsonSerializer.SerializeToUtf8Bytes(run, ContractsJson.Default.TrainingRunStatus)), options, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (BlobAnswers.IsConditionNotMet(e))
        {
            return false;
        }
    }

    private BlobClient BlobOf(string id) => _runs.GetBlobClient(BlobPaths.TrainingRun(id));

    private static TrainingRunStatus Parse(string id, BinaryData content)
    {
        try
        {
            if (JsonSerializer.Deserialize(content.ToMemory().Span, ContractsJson.Default.TrainingRunStatus) is { Timeline.Count: > 0 } run && run.Id == id)
                return run;
        }
        catch (JsonException e)
        {
            throw new DamagedTrainingRunException(Damaged(id), e);
        }
        throw new DamagedTrainingRunException(Damaged(id));
    }

    private static string Damaged(string id) =>
        $"{Containers.TrainingRuns}/{BlobPaths.TrainingRun(id)} cannot be read: somebody else wrote it, or it was damaged; remove it to forget the run.";

    private DateTime UtcNow() => time.GetUtcNow().UtcDateTime;
}
