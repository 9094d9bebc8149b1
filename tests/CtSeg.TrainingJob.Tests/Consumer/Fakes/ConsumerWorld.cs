using System.Text.Json;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Imaging;
using CtSeg.Scans;
using CtSeg.Testing;
using CtSeg.TrainingJob.Consumer;
using Microsoft.Extensions.Logging.Abstractions;

namespace CtSeg.TrainingJob.Tests.Consumer.Fakes;

/// <summary>Storage and bus that outlive the processes which work on them.</summary>
internal sealed class ConsumerWorld
{
    public const int Side = 369;

    private readonly Func<Effects?, RoleGuard?, BlobServiceClient> _connect;
    private readonly RoleGuard _roles = new("segmentation");

    /// <param name="account">A storage account elsewhere, by its connection string; null for <see cref="Storage"/>.</param>
    public ConsumerWorld(TimeProvider? time = null, FakeServiceBus? bus = null, string? account = null)
    {
        _connect = account is null ? Storage.Connect : (_, roles) => new BlobServiceClient(account, roles?.Guard(new BlobClientOptions()));
        Time = time ?? new FastTime();
        Bus = bus ?? new FakeServiceBus(Time);
        Blobs = new ScanBlobs(Connect());
        Statuses = new StatusStore(Connect().GetBlobContainerClient(Containers.Status));
    }

    public TimeProvider Time { get; }
    public FakeServiceBus Bus { get; }
    public FakeBlobStorage Storage { get; } = new();
    public ScanBlobs Blobs { get; }
    public StatusStore Statuses { get; }
    public ConsumerLimits Limits { get; set; } = new() { Idle = TimeSpan.FromHours(10), MaxWait = TimeSpan.FromHours(1), Drain = TimeSpan.FromHours(5) };

    /// <summary>A slice as the functions leave it: preprocessed, in state <c>preprocessed</c>, and asked for.</summary>
    public async Task<ScanId> UploadAsync(string name, byte grey = 70, bool ask = true, string? traceParent = null)
    {
        var token = TestContext.Current.CancellationToken;
        var scan = ScanId.FromContent(name, [grey]);
        var pixels = new byte[Side * Side];
        Array.Fill(pixels, grey);
        var manifest = new ScanManifest(
            scan, name, new string('b', 64), 1, new SourceImage("png", 40, 30, 8, 1), new PreprocessingSteps("as is", "area", Side, Side)) { PreprocessMs = 3 };
        await Blobs.StorePreprocessedAsync(manifest, new BinaryData(PngWriter.Grey(new GreyImage(Side, Side, pixels))), token);
        var now = Time.GetUtcNow().UtcDateTime;
        await Statuses.TryCreateAsync(ScanStatus.Received(scan, name, now).Requested(1, now), token);
        Storage.ForgetWrites();
        if (ask)
            Ask(scan, traceParent: traceParent);
        return scan;
    }

    public void Ask(ScanId scan, int attempt = 1, string? traceParent = null) =>
        Bus.Put(Queues.SegmentationRequests, JsonSerializer.SerializeToUtf8Bytes(
            ScanEvents.Requested(scan, attempt, "/test", Time.GetUtcNow().UtcDateTime, traceParent),
            ContractsJson.Default.CloudEventSegmentationRequested));

    /// <summary>A client of the storage.</summary>
    public BlobServiceClient Connect(Effects? effects = null) => _connect(effects, null);

    public async Task<ConsumerEnd> StartAsync(FakeSegmenter segmenter, Effects effects, CancellationToken stopping)
    {
        var end = await new ConsumeSession(
            _connect(effects, _roles), Bus.Connect(effects), new ModelThread(segmenter, Time), new SlicePictures(), Limits, Time, NullLoggerFactory.Instance)
        .RunAsync(stopping);
        _roles.Refused.ShouldBeEmpty();
        return end;
    }

    /// <summary>Runs one process until no request is left, and stops it.</summary>
    public async Task<Effects> DrainAsync(FakeSegmenter? segmenter = null, Effects? effects = null)
    {
        effects ??= new Effects();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var run = StartAsync(segmenter ?? new FakeSegmenter(), effects, stop.Token);
        await Bus.UntilAsync(() => Bus.Messages(Queues.SegmentationRequests).Count == 0);
        await stop.CancelAsync();
        (await run).ShouldBe(ConsumerEnd.Stopped);
        return effects;
    }

    public async Task<ScanStatus> StatusOfAsync(ScanId scan) =>
        (await Statuses.FindAsync(scan, TestContext.Current.CancellationToken)).ShouldNotBeNull().Status;

    public IReadOnlyList<JsonElement> Told() =>
        [.. Bus.Messages(Queues.SegmentationCompleted).Select(message => JsonDocument.Parse(message.Body).RootElement)];

    public IReadOnlyList<FakeServiceBus.Entry> DeadLetters() => Bus.Messages(Queues.DeadLettersOf(Queues.SegmentationRequests));
}
