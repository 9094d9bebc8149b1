using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Corrections;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Imaging;
using CtSeg.Intake;
using CtSeg.Models;
using CtSeg.Recovery;
using CtSeg.Scans;
using CtSeg.Segmentation;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.Shared.Tests.Erasure;

/// <summary>An account with what the pipeline, corrections and retraining leave behind.</summary>
internal sealed class ErasureWorld(BlobServiceClient storage)
{
    public const int Side = 64;
    private const long Cap = 64L * 1024 * 1024;

    public BlobServiceClient Storage { get; } = storage;
    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 23, 15, 12, 5, TimeSpan.Zero));
    public DataSetStore Data => new(Storage, Clock);
    /// <value>Blobs that an erasure of the prepared group must leave.</value>
    public HashSet<string> Kept { get; set; } = [];

    public DateTime Now => Clock.GetUtcNow().UtcDateTime;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public DataErasure Erasure(BlobServiceClient? through = null) => new(through ?? Storage, Clock, new HashSet<string> { "shipped" });

    /// <summary>A picture with structure of its own; the same at any size.</summary>
    public static byte[] Picture(int seed, int side = Side)
    {
        var random = new Random(seed);
        var waves = Enumerable.Range(0, 24).Select(_ => (X: random.Next(-8, 9), Y: random.Next(0, 9), Phase: random.NextDouble() * 2 * Math.PI)).ToArray();
        var pixels = new byte[side * side];
        for (var y = 0; y < side; y++)
            for (var x = 0; x < side; x++)
                pixels[(y * side) + x] = (byte)Math.Clamp(128 + (12 * waves.Sum(w => Math.Cos((Math.PI * ((w.X * (x + 0.5)) + (w.Y * (y + 0.5))) / side) + w.Phase))), 0, 255);
        return PngWriter.Grey(new GreyImage(side, side, pixels));
    }

    public static LesionMask Mask(byte lesion, int at = 100)
    {
        var labels = new byte[Side * Side];
        labels.AsSpan(at, 20).Fill(lesion);
        return new LesionMask(Side, Side, labels);
    }

    public Task UploadAsync(string name, byte[] image, string? group = null) => Storage.GetBlobContainerClient(Containers.Slices).GetBlobClient(name)
        .UploadAsync(new BinaryData(image), new BlobUploadOptions { Metadata = group is null ? null : new Dictionary<string, string> { ["group"] = group } }, Stop);

    public SliceIntake Intake(BlobServiceClient through) =>
        new(new StatusStore(through.GetBlobContainerClient(Containers.Status)), new ScanBlobs(through), ImageLimits.Default, Clock);

    public CorrectionIntake Corrections(BlobServiceClient through) => new(
        new CorrectionStore(through), new DataSetStore(through, Clock), new StatusStore(through.GetBlobContainerClient(Containers.Status)), new ScanBlobs(through),
        ImageLimits.Default, Cap, Clock);

    /// <summary>Uploaded, taken in, segmented.</summary>
    public async Task<ScanId> CompleteAsync(string name, byte[] image, string? group = null)
    {
        await UploadAsync(name, image, group);
        var scan = (await Intake(Storage).AcceptAsync(name, image, Stop)).Status.ScanId;
        var blobs = new ScanBlobs(Storage);
        var manifest = (await blobs.FindManifestAsync(scan, Stop)).ShouldNotBeNull();
        var metrics = new ScanMetrics(
            scan, $"{scan}-1", name, manifest.InputSha256, manifest.Original.Width, manifest.Original.Height, [], new ModelReference("v1", new string('b', 64)),
            manifest.Preprocessing, new StageDurations(1, 1), Now);
        (await blobs.TryStoreResultAsync(metrics, new BinaryData("mask"), new BinaryData("overlay"), Stop)).ShouldBeTrue();
        await new StatusStore(Storage.GetBlobContainerClient(Containers.Status)).ChangeAsync(scan, status => status.Completed(ScanResultSummary.Of(metrics), Now), Stop);
        return scan;
    }

    public async Task CorrectAsync(ScanId scan, LesionMask mask)
    {
        await UploadCorrectionAsync(scan, mask);
        (await Corrections(Storage).AcceptAsync(BlobPaths.Correction(scan), Stop)).Outcome.ShouldNotBeNull().State.ShouldBe(CorrectionState.Accepted);
    }

    public Task UploadCorrectionAsync(ScanId scan, LesionMask mask) =>
        PutAsync(Containers.Corrections, BlobPaths.Correction(scan), new BinaryData(MaskPng.Write(mask)));

    public async Task<ScanId> ImportAsync(string name, string group, byte[] image, LesionMask mask)
    {
        var content = new BinaryData(image);
        var slice = new NewSlice(NewSlice.IdOf(name, content), name, group, content, mask, new SliceOrigin(SliceOrigins.Import, Now));
        return (await Data.AddAsync(slice, Stop)).Slice.Id;
    }

    public async Task ModelAsync(string version, string? parent, TrainedOn? trainedOn, bool isTrained = true)
    {
        var manifest = new ModelManifest
        {
            Version = version,
            ParentVersion = parent,
            CreatedUtc = Now,
            Configuration = new ModelConfiguration(),
            Classes = [],
            Preprocessing = new ModelPreprocessing(369, 369, "area", "grey"),
            Training = isTrained ? new TrainingRecord(new string('c', 64), 1, 1, [], 1, 1, [], JsonSerializer.SerializeToElement(new { epochs = 1 })) : null,
            WeightsSha256 = new string('b', 64),
            WeightsLicence = "MIT",
        };
        await PutAsync(Containers.Models, BlobPaths.ModelCard(version), Json(manifest, ModelsJson.Default.ModelManifest));
        await PutAsync(Containers.Models, BlobPaths.ModelReport(version), new BinaryData("<html>pictures</html>"));
        if (trainedOn is not null)
            await PutAsync(Containers.Models, BlobPaths.ModelTrainedOn(version), Json(trainedOn, ModelsJson.Default.TrainedOn));
    }

    public async Task<string> RunAsync(TrainingRunStatus run)
    {
        await PutAsync(Containers.TrainingRuns, BlobPaths.TrainingRun(run.Id), Json(run, ContractsJson.Default.TrainingRunStatus));
        await PutAsync(Containers.TrainingRuns, BlobPaths.TrainingReport(run.Id), new BinaryData("<html>pictures</html>"));
        await PutAsync(Containers.TrainingRuns, BlobPaths.TrainingCheckpoint(run.Id), new BinaryData("weights"));
        return run.Id;
    }

    public Task PutAsync(string container, string name, BinaryData content) =>
        Storage.GetBlobContainerClient(container).GetBlobClient(name).UploadAsync(content, overwrite: true, Stop);

    /// <summary>As an operator does with a dead letter.</summary>
    public Task DiscardAsync(string id, ScanId? scan, BinaryData? body) => new DiscardedLetters(Storage, Clock).RecordAsync(
        new DiscardedLetter(id, Containers.Slices, Containers.Status, "poisoned", Now, "operator", "test") { Scan = scan }, body, Stop);

    public async Task<string> ReadAsync(string container, string name) =>
        (await Storage.GetBlobContainerClient(container).GetBlobClient(name).DownloadContentAsync(Stop)).Value.Content.ToString();

    /// <summary>All blobs with their content, outside the audit of erasures.</summary>
    public async Task<Dictionary<string, string>> BlobsAsync()
    {
        var blobs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var container in Containers.All)
        {
            var client = Storage.GetBlobContainerClient(container);
            await foreach (var blob in client.GetBlobsAsync(new GetBlobsOptions { States = BlobStates.Snapshots }, Stop))
                if (!(container == Containers.Audit && (blob.Name.StartsWith("erasures/", StringComparison.Ordinal) || blob.Name.StartsWith("erased/", StringComparison.Ordinal))))
                    blobs[$"{container}/{blob.Name}{blob.Snapshot}"] = blob.Snapshot ?? Convert.ToHexString((await client.GetBlobClient(blob.Name).DownloadContentAsync(Stop)).Value.Content.ToArray());
        }
        return blobs;
    }

    public static BinaryData Json<T>(T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => new(JsonSerializer.SerializeToUtf8Bytes(value, type));
}
