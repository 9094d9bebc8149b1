using System.Text.Json;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Local.Stack;
using CtSeg.Scans;
using CtSeg.ServiceBus;

namespace CtSeg.EndToEnd.Tests.Harness;

/// <summary>A stack under test, with what tests ask it.</summary>
internal sealed class RunningStack : IAsyncDisposable
{
    private readonly BlobServiceClient _blobs;
    private readonly TimeSpan _lockDuration;

    private RunningStack(LocalStack stack, TimeSpan lockDuration)
    {
        Local = stack;
        _lockDuration = lockDuration;
        _blobs = stack.OpenBlobs();
        Statuses = new StatusStore(Container(Containers.Status));
    }

    public LocalStack Local { get; }

    public StatusStore Statuses { get; }

    /// <summary>With the tiny test model and short locks.</summary>
    public static async Task<RunningStack> StartAsync(Func<StackOptions, StackOptions>? change = null)
    {
        var checkout = Checkout.Find();
        var options = new StackOptions(checkout) { Model = checkout.TestModel, LockDuration = TimeSpan.FromSeconds(1), BlobPollingMs = 200 };
        if (change is not null)
            options = change(options);
        return new RunningStack(
            await LocalStack.StartAsync(options, progress: null, TimeProvider.System, TestContext.Current.CancellationToken), options.LockDuration);
    }

    public BlobContainerClient Container(string name) => _blobs.GetBlobContainerClient(name);

    public AmqpServiceBusClient OpenServiceBus() => AmqpServiceBusClient.FromConnectionString(Local.ServiceBus.ConnectionString!);

    public Task UploadAsync(string name, BinaryData content) =>
        Container(Containers.Slices).GetBlobClient(name).UploadAsync(content, overwrite: true);

    public Task UploadAsync(IReadOnlyDictionary<string, BinaryData> slices) =>
        Parallel.ForEachAsync(slices, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (slice, _) => await UploadAsync(slice.Key, slice.Value));

    public async Task<IReadOnlyDictionary<string, ScanListing>> ListAsync()
    {
        var listed = new Dictionary<string, ScanListing>();
        await foreach (var scan in Statuses.ListAsync(CancellationToken.None))
            listed.Add(scan.BlobName, scan);
        return listed;
    }

    /// <summary>The status of an upload once it has ended.</summary>
    public async Task<ScanStatus> EndOfAsync(string name, TimeSpan? deadline = null) => (await EndOfAsync([name], deadline))[name];

    public async Task<IReadOnlyDictionary<string, ScanStatus>> EndOfAsync(IReadOnlyCollection<string> names, TimeSpan? deadline = null)
    {
        IReadOnlyDictionary<string, ScanListing> seen = new Dictionary<string, ScanListing>();
        await Eventually.HoldsAsync(
            async () =>
            {
                seen = await ListAsync();
                return names.All(name => seen.TryGetValue(name, out var scan) && scan.State is ScanState.Completed or ScanState.Failed);
            },
            () => $"Not ended: {string.Join(", ", names.Select(name => $"{name} {(seen.TryGetValue(name, out var scan) ? scan.State : null)}").Where(text => !text.EndsWith("ed", StringComparison.Ordinal)).Take(10))}; logs in {Local.LogFolder}",
            deadline);
        var ended = new Dictionary<string, ScanStatus>();
        foreach (var name in names)
            ended.Add(name, (await Statuses.FindAsync(seen[name].ScanId, CancellationToken.None)).ShouldNotBeNull().Status);
        return ended;
    }

    public async Task<ScanStatus> StateOfAsync(string name, ScanState state)
    {
        var id = await Eventually.SeeAsync(
            async () => (await ListAsync()).TryGetValue(name, out var scan) && scan.State == state ? scan.ScanId.ToString() : null,
            () => $"{name} never became {state}; logs in {Local.LogFolder}");
        return (await Statuses.FindAsync(ScanId.Parse(id), CancellationToken.None)).ShouldNotBeNull().Status;
    }

    /// <summary>Name and ETag of every blob of the results: any second write changes an ETag.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ResultsAsync()
    {
        var results = new Dictionary<string, string>();
        await foreach (var blob in Container(Containers.Results).GetBlobsAsync())
            results.Add(blob.Name, blob.Properties.ETag.ToString()!);
        return results;
    }

    /// <returns>The results once there are so many blobs of them.</returns>
    public Task<IReadOnlyDictionary<string, string>> SeeResultsAsync(int blobs) => Eventually.SeeAsync(
        async () => await ResultsAsync() is var some && some.Count >= blobs ? some : null, () => $"Fewer than {blobs} results came; logs in {Local.LogFolder}");

    public async Task<BinaryData> ReadAsync(string container, string blob) =>
        (await Container(container).GetBlobClient(blob).DownloadContentAsync()).Value.Content;

    public async Task<ScanMetrics> MetricsOfAsync(ScanId scan) =>
        JsonSerializer.Deserialize((await ReadAsync(Containers.Results, BlobPaths.Metrics(scan))).ToMemory().Span, ContractsJson.Default.ScanMetrics)!;

    /// <summary>Asks for every scan again, as an operator's replay does.</summary>
    public async Task ReplayAsync(IEnumerable<ScanStatus> scans, int attempt)
    {
        await using var client = OpenServiceBus();
        await using var sender = client.CreateSender(Queues.SegmentationRequests);
        foreach (var scan in scans)
            await sender.SendAsync(RequestFor(scan.ScanId, attempt), TestContext.Current.CancellationToken);
    }

    public static OutgoingMessage RequestFor(ScanId scan, int attempt)
    {
        var request = ScanEvents.Requested(scan, attempt, "/tests", new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        return new OutgoingMessage(JsonSerializer.SerializeToUtf8Bytes(request, ContractsJson.Default.CloudEventSegmentationRequested))
        {
            MessageId = request.Id,
            Subject = request.Subject,
        };
    }

    /// <summary>Lets the job take all requests and stops it in order; then none may be left, locked or not.</summary>
    public async Task DrainAndExpectNoRequestLeftAsync()
    {
        await using var client = OpenServiceBus();
        await using var receiver = client.CreateReceiver(Queues.SegmentationRequests);
        await Eventually.HoldsAsync(
            async () => await receiver.PeekAsync(1, fromSequenceNumber: 0, TestContext.Current.CancellationToken) is [],
            () => $"Requests stay in the queue; logs in {Local.LogFolder}");
        await Local.Job.StopAsync(TimeSpan.FromSeconds(25), CancellationToken.None);
        // Longer than a lock: what a killed job held comes back within this time.
        var left = await receiver.ReceiveAsync(10, _lockDuration + TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        left.ShouldBeEmpty();
    }

    /// <summary>The results are those of the scans, and none is written twice: not those that were whole before, not by a request that is left.</summary>
    public async Task ExpectEveryResultToStayAsync(IReadOnlyDictionary<string, string> before, IEnumerable<ScanStatus> ended)
    {
        var after = await ResultsAsync();
        after.Keys.ShouldBeTheResultsOf(ended);
        foreach (var (blob, etag) in before.Where(blob => BelongsToWholeResult(blob.Key, before)))
            after[blob].ShouldBe(etag);
        await DrainAndExpectNoRequestLeftAsync();
        (await ResultsAsync()).ShouldBe(after, ignoreOrder: true);
    }

    public ValueTask DisposeAsync() => Local.DisposeAsync();

    // The metrics are written last: with them the result is whole and must stay as it is.
    private static bool BelongsToWholeResult(string blob, IReadOnlyDictionary<string, string> results) =>
        results.ContainsKey(BlobPaths.Metrics(ScanId.Parse(blob.Split('/')[0])));
}
