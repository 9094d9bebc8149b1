using System.Security.Cryptography;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.Scans;

namespace CtSeg.EndToEnd.Tests.Harness;

/// <summary>Many preprocessed scans whose requests were given up; they share one picture, so that they are made fast.</summary>
internal static class DeadScans
{
    private const int Batch = 100;
    private const int AtOnce = 8;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Stores scans as the functions do, asks for them, and plays a job that refuses every one.</summary>
    /// <param name="reason">That the job gives.</param>
    public static async Task<IReadOnlyList<ScanId>> LeaveAsync(RunningStack stack, int count, string reason)
    {
        var scans = await StoreAsync(stack, count);
        await using var client = stack.OpenServiceBus();
        await using var sender = client.CreateSender(Queues.SegmentationRequests);
        foreach (var some in scans.Chunk(Batch))
            await sender.SendAsync([.. some.Select(scan => RunningStack.RequestFor(scan, attempt: 1))], Cancel);
        await using var receiver = client.CreateReceiver(Queues.SegmentationRequests);
        for (var refused = 0; refused < count;)
        {
            var messages = await receiver.ReceiveAsync(Batch, TimeSpan.FromSeconds(10), Cancel);
            messages.ShouldNotBeEmpty();
            foreach (var message in messages)
                await receiver.DeadLetterAsync(message, reason, "", Cancel);
            refused += messages.Count;
        }
        return scans;
    }

    private static async Task<IReadOnlyList<ScanId>> StoreAsync(RunningStack stack, int count)
    {
        var upload = TestSlices.Phantom(6001).ToMemory();
        var slice = SlicePreprocessor.Process(upload, new ImageLimits());
        var png = new BinaryData(SlicePreprocessor.ToPng(slice.Image));
        var hash = Convert.ToHexStringLower(SHA256.HashData(upload.Span));
        var blobs = new ScanBlobs(stack.Local.OpenBlobs());
        var scans = Enumerable.Range(0, count).Select(number => (Name: $"dead/{number}.png", Scan: ScanId.FromContent($"dead/{number}.png", upload.Span))).ToList();
        await Parallel.ForEachAsync(scans, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Cancel }, async (one, token) =>
        {
            var now = TimeProvider.System.GetUtcNow().UtcDateTime;
            await blobs.StorePreprocessedAsync(new ScanManifest(one.Scan, one.Name, hash, upload.Length, slice.Original, slice.Steps), png, token);
            await stack.Statuses.TryCreateAsync(ScanStatus.Received(one.Scan, one.Name, now).Requested(1, now), token);
        });
        return [.. scans.Select(one => one.Scan)];
    }
}
