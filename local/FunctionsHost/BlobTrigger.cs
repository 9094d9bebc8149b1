using System.Text;
using System.Threading.Channels;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Runs a function for every new or changed blob of a container, found by listing it once an interval.</summary>
internal sealed class BlobTrigger : ITrigger
{
    public const string PoisonQueue = "webjobs-blobtrigger-poison";

    private readonly FunctionDefinition _function;
    private readonly FunctionsHostOptions _options;
    private readonly HostSettings _settings;
    private readonly FunctionInvoker _invoker;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly BlobPath _path;
    private readonly BlobContainerClient _container;
    private readonly BlobReceipts _receipts;
    private readonly QueueClient _poison;
    private readonly Dictionary<string, ETag> _known = new(StringComparer.Ordinal);
    private readonly Channel<Candidate> _found = Channel.CreateUnbounded<Candidate>();

    public BlobTrigger(FunctionDefinition function, FunctionApp app, FunctionsHostOptions options, FunctionInvoker invoker, TimeProvider time, ILogger logger)
    {
        _function = function;
        _options = options;
        _settings = app.Host;
        _invoker = invoker;
        _time = time;
        _logger = logger;
        Binding trigger = function.Trigger;
        HostConnection connection = trigger.Connection("AzureWebJobsStorage");
        _path = new BlobPath(trigger.Get("path"));
        _container = connection.OpenContainer(_path.Container);
        _receipts = new BlobReceipts(
            app.Settings.Connection("AzureWebJobsStorage").OpenContainer(FunctionsHost.StateContainer),
            $"blobreceipts/{options.HostId}/{function.Name}");
        _poison = connection.OpenQueue(PoisonQueue, app.Host);
        if (string.Equals(trigger.Find("source"), "EventGrid", StringComparison.OrdinalIgnoreCase))
            HostLog.EventGridIsPolled(logger, function.Name);
    }

    public async Task RunAsync(CancellationToken stopping, CancellationToken abort)
    {
        Task[] workers = [.. Enumerable.Range(0, _settings.BlobParallelism).Select(_ => WorkAsync(stopping, abort))];
        try
        {
            await PollAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped.
        }
        finally
        {
            _found.Writer.TryComplete();
            await Task.WhenAll(workers);
        }
    }

    private async Task PollAsync(CancellationToken stopping)
    {
        BackOff backOff = new(_function.Name, _time, _logger);
        bool loaded = false;
        while (true)
        {
            try
            {
                if (!loaded)
                    await _receipts.LoadAsync(stopping);
                loaded = true;
                await ListAsync(stopping);
                backOff.Reset();
                await Task.Delay(_options.BlobPollingInterval, _time, stopping);
            }
            catch (Exception e) when (BackOff.IsSourceError(e))
            {
                await backOff.WaitAsync(e, stopping);
            }
        }
    }

    private async Task ListAsync(CancellationToken stopping)
    {
        int count = 0;
        HashSet<string>? seen = null;
        string? prefix = _path.Prefix.Length == 0 ? null : _path.Prefix;
        await foreach (BlobItem blob in _container.GetBlobsAsync(new GetBlobsOptions { Prefix = prefix }, stopping))
        {
            count++;
            if (blob.Properties.ETag is not { } etag || (_known.TryGetValue(blob.Name, out ETag known) && known == etag))
                continue;
            _known[blob.Name] = etag;
            if (_path.Match(blob.Name) is { } values && !_receipts.Contains(blob.Name, etag))
                _found.Writer.TryWrite(new Candidate(blob.Name, etag, blob.Properties.BlobType ?? BlobType.Block, values));
        }

        // Blobs that were deleted are forgotten once they outnumber the living.
        if (_known.Count > (2 * count) + 1000)
        {
            seen = [];
            await foreach (BlobItem blob in _container.GetBlobsAsync(new GetBlobsOptions { Prefix = prefix }, stopping))
                seen.Add(blob.Name);
            foreach (string gone in _known.Keys.Where(name => !seen.Contains(name)).ToList())
                _known.Remove(gone);
        }
    }

    private async Task WorkAsync(CancellationToken stopping, CancellationToken abort)
    {
        try
        {
            await foreach (Candidate candidate in _found.Reader.ReadAllAsync(stopping))
                await ProcessAsync(candidate, stopping, abort);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped: what was not finished has no receipt and comes again.
        }
    }

    private async Task ProcessAsync(Candidate candidate, CancellationToken stopping, CancellationToken abort)
    {
        BackOff backOff = new(_function.Name, _time, _logger);
        bool finished = false;
        int failures = 0;
        while (true)
        {
            try
            {
                if (!finished && failures >= _settings.PoisonBlobThreshold)
                    await PoisonAsync(candidate, failures, abort);
                else if (!finished && await ReadAsync(candidate, abort) is { } data)
                    await _invoker.InvokeAsync(_function, data, abort);
                finished = true;
                await _receipts.WriteAsync(candidate.Name, candidate.ETag, abort);
                return;
            }
            catch (InvocationFailedException)
            {
                if (++failures < _settings.PoisonBlobThreshold)
                    await Task.Delay(_options.BlobRetryDelay, _time, stopping);
            }
            catch (Exception e) when (BackOff.IsSourceError(e))
            {
                await backOff.WaitAsync(e, stopping);
            }
        }
    }

    /// <summary>Content and metadata of exactly the version that was listed; null when it has gone or changed since.</summary>
    private async Task<TriggerData?> ReadAsync(Candidate candidate, CancellationToken abort)
    {
        BlobClient blob = _container.GetBlobClient(candidate.Name);
        try
        {
            BlobDownloadOptions options = new() { Conditions = new BlobRequestConditions { IfMatch = candidate.ETag } };
            BlobDownloadResult result = await blob.DownloadContentAsync(options, abort);
            return Describe(result.Content.ToArray(), blob.Uri, result.Details, candidate.Values);
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412)
        {
            return null;
        }
    }

    internal TriggerData Describe(byte[] content, Uri uri, BlobDownloadDetails details, IReadOnlyList<KeyValuePair<string, string>> values)
    {
        JObject properties = new(
            new JProperty("LastModified", details.LastModified),
            new JProperty("BlobType", (int)details.BlobType),
            new JProperty("ContentLength", (long)content.Length),
            new JProperty("ContentType", details.ContentType),
            // The real host's serialiser finds no public property in an ETag.
            new JProperty("ETag", new JObject()));
        if (details.ContentHash is { Length: > 0 } hash)
            properties.Add("ContentHash", hash);
        List<KeyValuePair<string, object?>> metadata =
        [
            KeyValuePair.Create("BlobTrigger", (object?)uri.AbsolutePath),
            KeyValuePair.Create("Uri", (object?)uri.OriginalString),
            KeyValuePair.Create("Properties", (object?)properties),
            KeyValuePair.Create("Metadata", (object?)JObject.FromObject(details.Metadata)),
            .. values.Select(value => KeyValuePair.Create(value.Key, (object?)value.Value)),
        ];
        // Without dataType binary the bytes are read as UTF-8 text, which destroys an image.
        return _invoker.WithSystem(_function, _function.Trigger.IsBinary ? content : Encoding.UTF8.GetString(content), metadata);
    }

    private async Task PoisonAsync(Candidate candidate, int failures, CancellationToken abort)
    {
        JObject message = new(
            new JProperty("FunctionId", "Host.Functions." + _function.Name),
            new JProperty("BlobType", candidate.Type + "Blob"),
            new JProperty("ContainerName", _path.Container),
            new JProperty("BlobName", candidate.Name),
            new JProperty("ETag", candidate.ETag.ToString()));
        await StorageQueue.SendCreatingAsync(_poison, BinaryData.FromString(message.ToString(Formatting.None)), abort);
        HostLog.BlobPoisoned(_logger, _function.Name, failures);
    }

    private sealed record Candidate(string Name, ETag ETag, BlobType Type, IReadOnlyList<KeyValuePair<string, string>> Values);
}
