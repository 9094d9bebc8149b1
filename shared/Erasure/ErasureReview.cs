using System.Text.Json;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.Erasure;

/// <param name="Orders">Ids of the erasures that were looked at.</param>
/// <param name="Blobs">That were left, and removed now.</param>
public sealed record ErasureReviewOutcome(IReadOnlyList<string> Orders, int Blobs, IReadOnlyList<ErasureReviewFailure> Failures);

/// <param name="What">Without names.</param>
public sealed record ErasureReviewFailure(string What, string Why);

/// <summary>
/// Looks again at erasures that were done lately. Whoever writes of a scan takes it back when the scan was erased meanwhile; a process that is killed
/// between the two leaves what it wrote, and nobody else looks for it. All of that bears the ids of the erasure or no id at all, so it is found without
/// reading every upload again. Nothing is lost when it is done twice.
/// </summary>
public sealed class ErasureReview(BlobServiceClient storage, TimeProvider time)
{
    /// <value>
    /// What was under way when an erasure was done has ended by then: a function runs for minutes and is tried five times, a job that died is followed
    /// by another within the hour. The rest is for machines that sleep or are cut off and wake up.
    /// </value>
    public static readonly TimeSpan Period = TimeSpan.FromDays(1);

    // The timer comes every few minutes; a look costs some requests for each scan.
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);
    private readonly BlobContainerClient _data = storage.GetBlobContainerClient(Containers.TrainingData);
    private readonly ErasureOrders _orders = new(storage, time);
    private readonly ErasedScans _scans = new(storage);
    private readonly ScanBlobs _blobs = new(storage);
    private readonly StatusStore _statuses = new(storage.GetBlobContainerClient(Containers.Status));
    private readonly TrainingDataRemoval _removal = new(storage);
    private readonly ErasureTraces _traces = new(storage);

    /// <summary>One order that cannot be looked at holds up no other.</summary>
    /// <param name="evenIfSeen">Also those that were looked at within the last hour.</param>
    public async Task<ErasureReviewOutcome> ReviewAsync(bool evenIfSeen, CancellationToken cancellationToken)
    {
        var (orders, failures, blobs, now) = (new List<string>(), new List<ErasureReviewFailure>(), 0, time.GetUtcNow().UtcDateTime);
        var done = await _orders.ListDoneAsync(
            now - Period, damaged => failures.Add(new ErasureReviewFailure(damaged.BlobPath, "it cannot be read")), cancellationToken);
        foreach (var order in done.Where(order => evenIfSeen || now - order.LastLook >= Pause))
        {
            if (await TryAsync($"Erasure {order.Stored.Order.Id}", () => ReviewAsync(order.Stored.Order, cancellationToken)))
            {
                orders.Add(order.Stored.Order.Id);
                await _orders.NoteLookAsync(order.Stored, cancellationToken);
            }
        }
        if (orders.Count > 0)
            await TryAsync("Content that no document names", () => _removal.RemoveUnnamedAsync(cancellationToken));
        return new ErasureReviewOutcome(orders, blobs, failures);

        async Task<bool> TryAsync(string what, Func<Task<int>> work)
        {
            try
            {
                blobs += await work();
                return true;
            }
            catch (Exception e) when (ErasureFaults.IsOfOneOrder(e))
            {
                failures.Add(new ErasureReviewFailure(what, ErasureFaults.Describe(e)));
                return false;
            }
        }
    }

    private async Task<int> ReviewAsync(ErasureOrder order, CancellationToken cancellationToken)
    {
        var (erased, removed) = (new HashSet<ScanId>(), 0);
        foreach (var scan in order.Found.Scans)
        {
            if (await IsRenewedAsync(scan, order, cancellationToken))
                continue;
            erased.Add(scan);
            removed += await _scans.RemoveMadeAsync(scan, cancellationToken) + await _removal.RemoveWholeAsync(scan, written: null, cancellationToken);
        }
        // A slice that came again may be locked again.
        if (erased.Count == order.Found.Scans.Count)
            removed += await _removal.RemoveLockedAsync(new ErasedPictures(order.Found.Pictures), cancellationToken);
        foreach (var set in await StoredSets.ReadAsync(_data, cancellationToken, order.UploadedUntil))
            if (erased.Any(set.Holds))
                removed += await BlobRemoval.RemoveAsync(_data, set.BlobName, cancellationToken);
        foreach (var letter in await _traces.DeadLettersAsync(erased, [], cancellationToken))
            removed += await BlobRemoval.RemoveAsync(storage.GetBlobContainerClient(Containers.Audit), letter, cancellationToken);
        foreach (var shadow in await _traces.ShadowsAsync(erased, cancellationToken))
            removed += await BlobRemoval.RemoveAsync(storage.GetBlobContainerClient(Containers.TrainingRuns), shadow, cancellationToken);
        return removed;
    }

    /// <summary>Whether somebody brought the slice again after the order: its upload, a mask for it, or an import.</summary>
    private async Task<bool> IsRenewedAsync(ScanId scan, ErasureOrder order, CancellationToken cancellationToken)
    {
        var slice = await _removal.FindAsync(scan, cancellationToken);
        if (slice is { Origin: { BlobName: null, Time: var time } })
            return time > order.Time;
        if (slice?.Origin.BlobName is { } corrected && await _scans.HasUploadAsync(scan, corrected, cancellationToken))
            return true;
        if (await NameAsync(scan, cancellationToken) is { } name && await _scans.HasUploadAsync(scan, name, cancellationToken))
            return true;
        // Its refusal is told in the training data.
        return slice is null && await storage.GetBlobContainerClient(Containers.Corrections).GetBlobClient(BlobPaths.Correction(scan)).ExistsAsync(cancellationToken);
    }

    /// <returns>The upload as documents of the scan name it; null where none does.</returns>
    private async Task<string?> NameAsync(ScanId scan, CancellationToken cancellationToken)
    {
        try
        {
            return (await _statuses.FindAsync(scan, cancellationToken))?.Status.BlobName
                ?? (await _blobs.FindManifestAsync(scan, cancellationToken))?.BlobName;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
