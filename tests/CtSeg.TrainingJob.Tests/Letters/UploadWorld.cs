using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Intake;
using CtSeg.Recovery;
using CtSeg.Scans;
using CtSeg.Testing;
using CtSeg.TrainingJob.Letters;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Letters;

/// <summary>Uploads in a real storage service, whose news got lost.</summary>
internal sealed class UploadWorld
{
    private static readonly LetterFilter All = new(null, null, null);
    private readonly BlobServiceClient _storage;
    private readonly BlobServiceClient _ofOperators;
    private readonly RoleGuard _roles = new("operators");
    private readonly QueueServiceClient _queues;
    private readonly FakeServiceBus _bus = new(TimeProvider.System);

    private UploadWorld(string connection)
    {
        _storage = new BlobServiceClient(connection);
        _ofOperators = new BlobServiceClient(connection, _roles.Guard(new BlobClientOptions()));
        _queues = PoisonQueues.Open(name => name == Connections.Slices ? connection : null)!;
        Statuses = new StatusStore(_storage.GetBlobContainerClient(Containers.Status));
    }

    public static BinaryData Slice { get; } = new(PngWriter.Grey(new GreyImage(40, 40, [.. Enumerable.Range(0, 1600).Select(at => (byte)at)])));

    public StatusStore Statuses { get; }

    public LetterArchive Archive => new(_storage.GetBlobContainerClient(Containers.Audit));

    public long MaxUploadBytes { get; set; } = 1 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<UploadWorld> OpenAsync(AzuriteFixture azurite)
    {
        var world = new UploadWorld(await azurite.NewAccountAsync());
        await world._storage.CreateBlobContainerAsync(Containers.UndeliveredEvents, cancellationToken: Cancel);
        return world;
    }

    public async Task<ETag> UploadAsync(string container, string name, BinaryData? content = null)
    {
        var options = new BlobUploadOptions
        {
            HttpHeaders = new BlobHttpHeaders
            {
                ContentType = "image/png",
                ContentEncoding = "gzip",
                ContentDisposition = "attachment; filename=a.png",
                ContentLanguage = "de",
                CacheControl = "no-store",
            },
            Metadata = new Dictionary<string, string> { ["group"] = "g1" },
            AccessTier = AccessTier.Cool,
        };
        return (await Blob(container, name).UploadAsync(content ?? Slice, options, Cancel)).Value.ETag;
    }

    /// <summary>Name, content and all that is kept beside it are as they were uploaded.</summary>
    public async Task<ETag> ShouldBeAsUploadedAsync(string container, string name)
    {
        var found = (await Blob(container, name).DownloadContentAsync(Cancel)).Value;
        found.Content.ToArray().ShouldBe(Slice.ToArray());
        var kept = (await Blob(container, name).GetPropertiesAsync(cancellationToken: Cancel)).Value;
        (kept.ContentType, kept.ContentEncoding, kept.ContentDisposition, kept.ContentLanguage, kept.CacheControl, kept.AccessTier, kept.Metadata["group"])
            .ShouldBe(("image/png", "gzip", "attachment; filename=a.png", "de", "no-store", "Cool", "g1"));
        return found.Details.ETag;
    }

    public Task RemoveAsync(string container, string name) => Blob(container, name).DeleteAsync(cancellationToken: Cancel);

    public async Task<ScanId> PoisonedAsync(string name)
    {
        await UploadAsync(Containers.Slices, name);
        var scan = ScanId.FromContent(name, Slice);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        await Statuses.TryCreateAsync(ScanStatus.Received(scan, name, now).Failed(Failures.Poisoned, now), Cancel);
        return scan;
    }

    /// <summary>What PreprocessSlice does when storage tells of an upload.</summary>
    public async Task<ScanStatus> TakeInAsync(string name) =>
        (await new SliceIntake(Statuses, new ScanBlobs(_storage), new ImageLimits(), TimeProvider.System).AcceptAsync(name, Slice.ToMemory(), Cancel)).Status;

    /// <summary>As the Functions host writes it.</summary>
    public Task PoisonAsync(string queue, string function, string container, string name, ETag etag) => PoisonAsync(queue,
        $$"""{"Type":"BlobTrigger","FunctionId":"Host.Functions.{{function}}","BlobType":"BlockBlob","ContainerName":"{{container}}","BlobName":"{{name}}","ETag":"\"{{etag.ToString().Trim('"')}}\""}""");

    public async Task PoisonAsync(string queue, string text)
    {
        var client = _queues.GetQueueClient(queue);
        await client.CreateIfNotExistsAsync(cancellationToken: Cancel);
        await client.SendMessageAsync(Convert.ToBase64String(Encoding.UTF8.GetBytes(text)), Cancel);
    }

    /// <summary>News of an upload that no function took, in a private network.</summary>
    public void LoseEvent(string text)
    {
        _bus.Put(Queues.UploadEvents, Encoding.UTF8.GetBytes(text));
        _bus.Kill(Queues.UploadEvents);
    }

    /// <summary>How many messages nobody holds, at most as many as are shown.</summary>
    public async Task<int> CountShownAsync(string queue) => (await Queue(queue).PeekMessagesAsync(PoisonQueueLetters.Page, Cancel)).Value.Length;

    public QueueClient Queue(string queue) => _queues.GetQueueClient(queue);

    /// <summary>As Event Grid writes it.</summary>
    public Task LeaveUndeliveredAsync(string blob, params IEnumerable<(string Container, string Name, ETag ETag)> uploads) => LeaveUndeliveredAsync(blob,
        $"[{string.Join(',', uploads.Select(upload => $$"""{"topic":"/subscriptions/x","subject":"/blobServices/default/containers/{{upload.Container}}/blobs/{{upload.Name}}","eventType":"Microsoft.Storage.BlobCreated","id":"1","data":{"api":"PutBlob","url":"{{Blob(upload.Container, upload.Name).Uri.AbsoluteUri}}","eTag":"{{upload.ETag.ToString().Trim('"')}}"},"deadLetterReason":"MaxDeliveryAttemptsExceeded","deliveryAttempts":30,"lastDeliveryOutcome":"NotFound"}"""))}]");

    public Task LeaveUndeliveredAsync(string blob, string text) =>
        Blob(Containers.UndeliveredEvents, blob).UploadAsync(BinaryData.FromString(text), Cancel);

    public async Task<IReadOnlyList<FoundLetter>> FindAsync() => (await Box().FindAsync(All, Cancel)).Letters;

    public async Task<IReadOnlyList<(FoundLetter Letter, ReplayOutcome Outcome)>> ReplayAsync(bool dryRun = false, LetterFilter? filter = null)
    {
        var told = new List<(FoundLetter, ReplayOutcome)>();
        var box = Box();
        var unreached = await box.ReplayAsync(await box.FindAsync(filter ?? All, Cancel), dryRun, (letter, outcome) => { lock (told) told.Add((letter, outcome)); }, Cancel);
        unreached.Left.ShouldBeEmpty();
        unreached.Hidden.ShouldBeEmpty();
        _roles.Refused.ShouldBeEmpty();
        return told;
    }

    /// <summary>A verb as it is typed.</summary>
    public Task<(int Code, string Said)> RunAsync(params string[] arguments) => LetterCommands.RunAsync(Box(), Cancel, arguments);

    /// <summary>Names of what was discarded.</summary>
    public async Task<IReadOnlyList<string>> DiscardedAsync()
    {
        var names = new List<string>();
        await foreach (var blob in _storage.GetBlobContainerClient(Containers.Audit).GetBlobsAsync(new GetBlobsOptions { Prefix = BlobPaths.DiscardedLetters }, Cancel))
            names.Add(blob.Name);
        return names;
    }

    /// <summary>All that is kept for audits, with its names and metadata, as one text.</summary>
    public async Task<string> AuditAsync()
    {
        var audit = _storage.GetBlobContainerClient(Containers.Audit);
        var text = new StringBuilder();
        await foreach (var blob in audit.GetBlobsAsync(new GetBlobsOptions { Traits = BlobTraits.Metadata }, Cancel))
        {
            var content = (await audit.GetBlobClient(blob.Name).DownloadContentAsync(Cancel)).Value.Content;
            text.AppendLine($"{blob.Name} {string.Join(' ', blob.Metadata.Select(pair => $"{pair.Key}={Uri.UnescapeDataString(pair.Value)}"))} {content}");
        }
        return text.ToString();
    }

    private BlobClient Blob(string container, string name) => _storage.GetBlobContainerClient(container).GetBlobClient(name);

    private LetterBox Box() => new(_ofOperators, _bus.Connect(new Effects()), _queues, MaxUploadBytes, TimeProvider.System);
}
