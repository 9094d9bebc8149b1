using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.TrainingRuns;

namespace CtSeg.Erasure;

/// <summary>
/// Makes the account forget slices: their uploads, everything made of them, what the training data hold of them; marks the models that saw them. An order
/// without names is written first and tells the way to whoever must go on after a kill. Sources go before what is made of them (<see cref="ErasedScans"/>),
/// and all is looked at again until nothing is left.
/// </summary>
/// <param name="shippedModels">Versions that came with the program: what they learnt from is public.</param>
public sealed class DataErasure(BlobServiceClient storage, TimeProvider time, IReadOnlySet<string> shippedModels)
{
    private const int MaxPasses = 10;
    private readonly ErasureOrders _orders = new(storage, time);
    private readonly ErasureSearch _search = new(storage, time);
    private readonly ErasedModels _models = new(storage, shippedModels);
    private readonly ErasedRuns _runs = new(storage, time);
    private readonly ErasedScans _scans = new(storage);
    private readonly TrainingDataRemoval _data = new(storage);

    /// <summary>What an erasure would be about; nothing is changed.</summary>
    public async Task<ErasureReport> PreviewAsync(ErasureTarget target, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        var (group, scan) = await HashedAsync(target, cancellationToken);
        var order = new ErasureOrder("", group is null ? ErasureSubject.Scan : ErasureSubject.Group, ErasureState.Open, time.GetUtcNow().UtcDateTime, ErasureFindings.None)
        {
            Group = group,
            Scan = scan,
        };
        var sighting = await _search.LookAsync(order, cancellationToken);
        var models = await _models.FindAsync(order, sighting.Found, cancellationToken);
        var unreadable = sighting.Unreadable.Concat(models.Unreadable).ToList();
        var runs = await _runs.FindAsync(sighting.Found, unreadable.Add, cancellationToken);
        return Report(order, sighting.Found, new Progress().See(sighting), models,
            [.. runs.Where(run => !run.HasEnded).Select(run => run.Id)], unreadable) with { Id = null };
    }

    /// <summary>Orders an erasure and does it.</summary>
    /// <exception cref="Azure.RequestFailedException">Storage refused: the order stays open, <see cref="ResumeAsync"/> goes on with it.</exception>
    public async Task<ErasureReport> ForgetAsync(ErasureTarget target, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        var (group, scan) = await HashedAsync(target, cancellationToken);
        return await ResumeAsync(await _orders.CreateAsync(group, scan, cancellationToken), cancellationToken);
    }

    /// <summary>Orders that are not done, the oldest first.</summary>
    /// <param name="damaged">Told of those that cannot be read.</param>
    public Task<IReadOnlyList<StoredOrder>> ListOpenAsync(Action<DamagedOrder> damaged, CancellationToken cancellationToken) =>
        _orders.ListOpenAsync(damaged, cancellationToken);

    /// <summary>Does what an order says, from wherever an earlier process ended.</summary>
    /// <exception cref="InvalidOperationException">What is removed is written again and again.</exception>
    public async Task<ErasureReport> ResumeAsync(StoredOrder stored, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stored);
        var progress = new Progress();
        for (var pass = 0; pass < MaxPasses; pass++)
        {
            var sighting = await _search.LookAsync(stored.Order, cancellationToken);
            progress.See(sighting);
            var known = stored.Order.Found;
            // Before anything is removed: the next process may find no other trace of it.
            stored = await _orders.ChangeAsync(stored, order => Grown(order, sighting.Found), cancellationToken);
            var removed = await PassAsync(stored.Order, sighting, progress, cancellationToken);
            if (removed == 0 && CountOf(known) == CountOf(stored.Order.Found))
                return await EndAsync(stored, progress, cancellationToken);
        }
        throw new InvalidOperationException($"What erasure {stored.Order.Id} removes is written again and again: stop its writers, then resume it.");
    }

    private async Task<int> PassAsync(ErasureOrder order, ErasureSighting sighting, Progress progress, CancellationToken cancellationToken)
    {
        ScanId[] scans = [.. order.Found.Scans.Where(scan => !sighting.Renewed.Contains(scan))];
        foreach (var scan in scans)
            if (progress.Marked.Add(scan))
                await _scans.MarkAsync(scan, order.Id, cancellationToken);
        var models = progress.Models = await _models.FindAsync(order, order.Found, cancellationToken);
        foreach (var model in models.Affected)
            await _models.MarkAsync(model, order, cancellationToken);
        var unreadable = new List<string>();
        var runs = await _runs.FindAsync(order.Found, unreadable.Add, cancellationToken);
        progress.Unreadable = [.. sighting.Unreadable, .. models.Unreadable, .. unreadable];
        foreach (var run in runs)
            progress.Stopped(run, await _runs.StopAsync(run, cancellationToken));
        var removed = await RemoveAsync(order, scans, sighting, progress, cancellationToken);
        foreach (var run in runs)
            removed += await _runs.RemoveAsync(run, cancellationToken);
        foreach (var model in models.Affected.Select(model => model.Version).Concat(runs.Select(run => run.Challenger).OfType<string>()).Distinct(StringComparer.Ordinal))
            removed += await _models.RemoveReportAsync(model, cancellationToken);
        progress.Blobs += removed;
        return removed;
    }

    /// <summary>The uploads before what is made of them and could be made again.</summary>
    private async Task<int> RemoveAsync(
        ErasureOrder order, ScanId[] scans, ErasureSighting sighting, Progress progress, CancellationToken cancellationToken)
    {
        var removed = 0;
        // By the names of uploads, which the next process may not find any more.
        foreach (var letter in sighting.DeadLetters)
            removed += await RemoveAsync(Containers.Audit, letter, cancellationToken);
        removed += await RemoveUploadsAsync(sighting.Uploads, cancellationToken);
        foreach (var scan in scans)
            removed += await RemoveAsync(Containers.Corrections, BlobPaths.Correction(scan), cancellationToken);
        foreach (var version in order.Found.DataSets)
            removed += await RemoveAsync(Containers.TrainingData, BlobPaths.DataSet(version), cancellationToken);
        foreach (var version in order.Found.EvaluationSets)
            removed += await RemoveAsync(Containers.TrainingData, BlobPaths.EvaluationSet(version), cancellationToken);
        foreach (var scan in scans)
            removed += await _scans.RemoveMadeAsync(scan, cancellationToken) + await _data.RemoveSliceAsync(scan, cancellationToken);
        removed += await _data.RemoveContentAsync(order.Found.Images, order.Found.Masks, cancellationToken);
        removed += await RemoveLockedAsync(order, progress, cancellationToken);
        foreach (var shadow in sighting.Shadows)
            removed += await RemoveAsync(Containers.TrainingRuns, shadow, cancellationToken);
        return removed;
    }

    private async Task<int> RemoveUploadsAsync(IReadOnlyList<StoredUpload> uploads, CancellationToken cancellationToken)
    {
        var slices = storage.GetBlobContainerClient(Containers.Slices);
        var removed = 0;
        // Snapshots and versions before the blob itself, which is what a resumed erasure finds the name by.
        foreach (var upload in uploads.OrderBy(upload => upload.IsCurrent))
            if (await BlobRemoval.RemoveItemAsync(slices, upload.Item, cancellationToken))
                removed++;
        return removed;
    }

    private async Task<int> RemoveLockedAsync(ErasureOrder order, Progress progress, CancellationToken cancellationToken)
    {
        try
        {
            return await _data.RemoveLockedAsync(new ErasedPictures(order.Found.Pictures), cancellationToken);
        }
        catch (DamagedDataException)
        {
            // Hashes of pictures at most; the rest must go.
            progress.Unreadable = [.. progress.Unreadable, $"{Containers.TrainingData}/{BlobPaths.LockedPictures}"];
            return 0;
        }
    }

    private Task<int> RemoveAsync(string container, string blob, CancellationToken cancellationToken) =>
        BlobRemoval.RemoveAsync(storage.GetBlobContainerClient(container), blob, cancellationToken);

    private async Task<ErasureReport> EndAsync(StoredOrder stored, Progress progress, CancellationToken cancellationToken)
    {
        var models = progress.Models!;
        var outcome = new ErasureOutcome(
            time.GetUtcNow().UtcDateTime, progress.Blobs, [.. models.Affected.Select(model => model.Version)], models.Unknown, [.. progress.Runs]);
        stored = await _orders.ChangeAsync(
            stored, order => order.State == ErasureState.Done ? order : order with { State = ErasureState.Done, Outcome = outcome }, cancellationToken);
        return Report(stored.Order, stored.Order.Found, progress, models, [.. progress.Runs], progress.Unreadable) with { RunsNotStopped = [.. progress.Running] };
    }

    private static ErasureReport Report(
        ErasureOrder order, ErasureFindings found, Progress progress, ModelTraces models, IReadOnlyList<string> runs, IReadOnlyList<string> unreadable)
    {
        var renewed = progress.Sighting!.Renewed;
        return new ErasureReport(
            order.Id, order.State == ErasureState.Done, [.. found.Scans.Where(scan => !renewed.Contains(scan))], progress.TrainingSlices, progress.Uploads,
            progress.TakenIn, progress.Blobs, found.DataSets, found.EvaluationSets, models.Affected, models.Unknown, runs, [.. renewed], [.. unreadable.Distinct()]);
    }

    private async Task<(string? Group, ScanId? Scan)> HashedAsync(ErasureTarget target, CancellationToken cancellationToken) => target.Group is { } group
        ? ((await new DataSetStore(storage, time).GroupHashAsync(cancellationToken)).Of(group), null)
        : (null, target.Scan);

    private static ErasureOrder Grown(ErasureOrder order, ErasureFindings found)
    {
        var merged = new ErasureFindings(
            [.. order.Found.Scans.Union(found.Scans).OrderBy(scan => scan.ToString(), StringComparer.Ordinal)],
            [.. order.Found.Pictures.UnionBy(found.Pictures, picture => picture.Sha256).OrderBy(picture => picture.Sha256, StringComparer.Ordinal)],
            Merged(order.Found.Images, found.Images), Merged(order.Found.Masks, found.Masks),
            Merged(order.Found.DataSets, found.DataSets), Merged(order.Found.EvaluationSets, found.EvaluationSets));
        return CountOf(merged) == CountOf(order.Found) ? order : order with { Found = merged };
    }

    private static string[] Merged(IEnumerable<string> one, IEnumerable<string> other) => [.. one.Union(other, StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private static int CountOf(ErasureFindings found) =>
        found.Scans.Count + found.Pictures.Count + found.Images.Count + found.Masks.Count + found.DataSets.Count + found.EvaluationSets.Count;

    /// <summary>What one call saw and did.</summary>
    private sealed class Progress
    {
        public int TrainingSlices { get; private set; }
        public int Uploads { get; private set; }
        public int TakenIn { get; private set; }
        public int Blobs { get; set; }
        public ModelTraces? Models { get; set; }
        public ErasureSighting? Sighting { get; private set; }
        public IReadOnlyList<string> Unreadable { get; set; } = [];
        public HashSet<ScanId> Marked { get; } = [];
        public SortedSet<string> Runs { get; } = new(StringComparer.Ordinal);
        public SortedSet<string> Running { get; } = new(StringComparer.Ordinal);

        public void Stopped(TrainingRunStatus run, bool isStopped)
        {
            if (!isStopped)
                Running.Add(run.Id);
            else if (!run.HasEnded)
                Runs.Add(run.Id);
        }

        public Progress See(ErasureSighting sighting)
        {
            Sighting = sighting;
            TrainingSlices = Math.Max(TrainingSlices, sighting.Slices);
            Uploads = Math.Max(Uploads, sighting.Uploads.Count);
            TakenIn = Math.Max(TakenIn, sighting.TakenIn);
            return this;
        }
    }
}

/// <summary>What is to be forgotten: a group or a scan.</summary>
public sealed record ErasureTarget
{
    private ErasureTarget() { }

    public string? Group { get; private init; }
    public ScanId? Scan { get; private init; }

    public static ErasureTarget OfGroup(string group) => new() { Group = group };

    public static ErasureTarget OfScan(ScanId scan) => new() { Scan = scan };
}
