using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Local.Stack;
using CtSeg.ServiceBus;

namespace CtSeg.Local.Bench;

/// <summary>A slice that has ended.</summary>
/// <param name="Model">Version that made its mask; null where it failed.</param>
/// <param name="Seen">When its event was received, by the clock of <see cref="TimeProvider.GetTimestamp"/>.</param>
internal sealed record EndedSlice(string Name, string? Model, long Seen);

/// <summary>Keeps a number of slices under way, and hears of their ends from the queue that tells them.</summary>
/// <param name="pictures">Uploaded in turn, each time under another name.</param>
/// <param name="underWay">Slices that are uploaded and have not ended.</param>
internal sealed class SteadyUploads(LocalStack stack, IReadOnlyList<BinaryData> pictures, int underWay, TimeProvider time) : IDisposable
{
    private const int Batch = 32;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly BlobContainerClient _slices = stack.OpenBlobs().GetBlobContainerClient(Containers.Slices);
    private readonly SemaphoreSlim _places = new(underWay);
    private readonly ConcurrentDictionary<string, byte> _open = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<EndedSlice> _ended = new();
    private int _uploaded;

    public int Uploaded => _uploaded;

    /// <value>In the order in which they were heard of.</value>
    public IReadOnlyList<EndedSlice> Ended => [.. _ended];

    /// <value>Uploaded, and not heard of yet.</value>
    public IReadOnlyList<string> Open => [.. _open.Keys];

    /// <summary>Uploads until told to stop, then waits for what is under way.</summary>
    /// <param name="patience">How long nothing may end before the rest counts as lost.</param>
    /// <param name="cancellationToken">Ends everything at once.</param>
    public async Task RunAsync(TimeSpan patience, CancellationToken stopUploading, CancellationToken cancellationToken)
    {
        await using var bus = AmqpServiceBusClient.FromConnectionString(stack.ServiceBus.ConnectionString!);
        await using var receiver = bus.CreateReceiver(Queues.SegmentationCompleted);
        using var finished = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listening = ListenAsync(receiver, finished.Token);
        try
        {
            await UploadAsync(stopUploading, cancellationToken);
            await DrainAsync(patience, cancellationToken);
        }
        finally
        {
            await finished.CancelAsync();
            await listening;
        }
    }

    /// <summary>The first slice of a model that is heard of after a moment.</summary>
    /// <param name="since">A timestamp.</param>
    /// <returns>Null where none came within the patience.</returns>
    public async Task<EndedSlice?> FirstOfAsync(string model, long since, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < patience)
        {
            if (_ended.FirstOrDefault(slice => slice.Seen > since && slice.Model == model) is { } found)
                return found;
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken);
        }
        return null;
    }

    public void Dispose() => _places.Dispose();

    private async Task UploadAsync(CancellationToken stopUploading, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopUploading, cancellationToken);
        try
        {
            while (true)
            {
                await _places.WaitAsync(either.Token);
                var number = Interlocked.Increment(ref _uploaded);
                var name = string.Create(CultureInfo.InvariantCulture, $"steady/{number:00000}.png");
                _open[name] = 0;
                await _slices.GetBlobClient(name).UploadAsync(pictures[number % pictures.Count], overwrite: true, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (stopUploading.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // Enough.
        }
    }

    private async Task ListenAsync(IMessageReceiver receiver, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                foreach (var message in await receiver.ReceiveAsync(Batch, LongestWait, cancellationToken))
                {
                    Take(message.Body);
                    await receiver.CompleteAsync(message, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // All have ended, or nobody waits any more.
        }
    }

    private void Take(ReadOnlyMemory<byte> body)
    {
        using var told = JsonDocument.Parse(body);
        var data = told.RootElement.GetProperty("data");
        var name = data.GetProperty("blobName").GetString()!;
        // The same end may be told twice.
        if (!_open.TryRemove(name, out _))
            return;
        var model = data.TryGetProperty("modelVersion", out var version) ? version.GetString() : null;
        _ended.Enqueue(new EndedSlice(name, model, time.GetTimestamp()));
        _places.Release();
    }

    private async Task DrainAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var (left, since) = (_open.Count, time.GetTimestamp());
        while (!_open.IsEmpty && time.GetElapsedTime(since) < patience)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
            if (_open.Count < left)
                (left, since) = (_open.Count, time.GetTimestamp());
        }
    }
}
