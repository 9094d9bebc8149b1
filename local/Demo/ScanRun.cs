using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Scans;

namespace CtSeg.Local.Demo;

/// <summary>How far one slice has come.</summary>
internal sealed class ScanProgress(DemoSlice slice)
{
    public DemoSlice Slice => slice;

    /// <value>Start of the upload; null before.</value>
    public DateTimeOffset? Started { get; set; }

    /// <value>Null until the scan has a status document.</value>
    public ScanState? State { get; set; }

    /// <value>The whole status, once it has ended.</value>
    public ScanStatus? Ended { get; set; }

    /// <value>From the start of the upload to the last change; null before a status is there.</value>
    public TimeSpan? Elapsed { get; set; }
}

/// <summary>
/// Sends slices through the pipeline and follows them to their end. Progress is read from one listing of the status
/// container per interval, whatever the number of slices.
/// </summary>
internal sealed class ScanRun(BlobServiceClient storage, IReadOnlyList<DemoSlice> slices, TimeProvider time)
{
    private const int ParallelUploads = 4;
    private const int IntervalMsPerScan = 12;
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1.5);

    private readonly StatusStore _statuses = new(storage.GetBlobContainerClient(Containers.Status));
    private readonly BlobContainerClient _uploads = storage.GetBlobContainerClient(Containers.Slices);
    private readonly Queue<ScanProgress> _ended = new();

    // A listing costs in proportion to its length, and with more scans each one matters less.
    private TimeSpan Interval =>
        TimeSpan.FromMilliseconds(Math.Clamp(Scans.Count * IntervalMsPerScan, Shortest.TotalMilliseconds, Longest.TotalMilliseconds));

    public IReadOnlyList<ScanProgress> Scans { get; } = [.. slices.Select(slice => new ScanProgress(slice))];

    /// <summary>Uploads all slices and returns when every scan has ended.</summary>
    /// <param name="onChange">Called after every look at the states.</param>
    /// <param name="onEnd">Called once for every scan that has ended.</param>
    /// <param name="patience">How long nothing may change before this gives up.</param>
    /// <exception cref="TimeoutException">Nothing changed for that long.</exception>
    public async Task RunAsync(
        Action onChange, Func<ScanProgress, CancellationToken, Task> onEnd, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var uploading = UploadAllAsync(stop.Token);
        var byName = Scans.ToDictionary(scan => scan.Slice.Name, StringComparer.Ordinal);
        try
        {
            for (var lastChange = time.GetTimestamp(); ;)
            {
                if (uploading.IsFaulted)
                    await uploading;
                if (await LookAsync(byName, stop.Token))
                    lastChange = time.GetTimestamp();
                while (_ended.TryDequeue(out var scan))
                    await onEnd(scan, stop.Token);
                onChange();
                if (uploading.IsCompleted && Scans.All(scan => scan.Ended is not null))
                    return;
                if (time.GetElapsedTime(lastChange) > patience)
                    throw new TimeoutException($"No scan came further for {patience.TotalMinutes:0} minutes.");
                await Task.Delay(Interval, time, stop.Token);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await uploading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task UploadAllAsync(CancellationToken cancellationToken) => Parallel.ForEachAsync(
        Scans, new ParallelOptions { MaxDegreeOfParallelism = ParallelUploads, CancellationToken = cancellationToken },
        async (scan, token) =>
        {
            var content = await scan.Slice.Read(token);
            scan.Started = time.GetUtcNow();
            await _uploads.GetBlobClient(scan.Slice.Name).UploadAsync(content, overwrite: true, token);
        });

    private async Task<bool> LookAsync(Dictionary<string, ScanProgress> byName, CancellationToken cancellationToken)
    {
        var changed = false;
        await foreach (var listed in _statuses.ListAsync(cancellationToken))
        {
            if (!byName.TryGetValue(listed.BlobName, out var scan) || scan.State == listed.State || scan.Started is not { } started)
                continue;
            changed = true;
            scan.State = listed.State;
            scan.Elapsed = listed.LastChange - started.UtcDateTime;
            if (listed.State is ScanState.Completed or ScanState.Failed && await _statuses.FindAsync(listed.ScanId, cancellationToken) is { } stored)
            {
                scan.Ended = stored.Status;
                _ended.Enqueue(scan);
            }
        }
        return changed;
    }
}
