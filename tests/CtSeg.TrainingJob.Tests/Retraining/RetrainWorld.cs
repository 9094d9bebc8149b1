using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.Preprocessing;
using CtSeg.Segmentation;
using CtSeg.Testing;
using CtSeg.TrainingJob.InputCheck;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;
using CtSeg.TrainingJob.Tests.Training;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.Retraining;

/// <summary>A storage account with data and a model in use, queues in memory, and jobs that can be killed.</summary>
internal sealed class RetrainWorld
{
    public const string ChampionVersion = "champion";
    private const int Groups = 24;
    private readonly string _connection;
    private readonly RoleGuard _roles = new("retraining");
    private Intruder? _intruder;

    private RetrainWorld(string connection)
    {
        _connection = connection;
        Storage = new BlobServiceClient(connection);
        Bus = new FakeServiceBus(Time);
        Data = new DataSetStore(Storage, Time);
        Models = new ModelStore(Storage);
        Alias = new ModelAlias(Storage, Time);
        Runs = new TrainingRunStore(Storage, Time) { StaleAfter = Limits.StaleAfter };
    }

    public FastTime Time { get; } = new();
    public BlobServiceClient Storage { get; }
    public FakeServiceBus Bus { get; }
    public DataSetStore Data { get; }
    public ModelStore Models { get; }
    public ModelAlias Alias { get; }
    public TrainingRunStore Runs { get; }

    public TrustedKeys Trusted { get; set; } = TrustedKeys.None;
    public SigningKey? Key { get; set; }

    /// <value>What real trainings measure their epochs by; that of the job where null.</value>
    public TimeProvider? TrainingTime { get; set; }

    /// <value>Hours are seconds here.</value>
    public RetrainLimits Limits { get; init; } = new()
    {
        Idle = TimeSpan.FromMinutes(1), MaxWait = TimeSpan.FromMinutes(1), BeatEvery = TimeSpan.FromMinutes(10), StaleAfter = TimeSpan.FromDays(3),
    };

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static ModelConfiguration Tiny { get; } = new() { BaseChannels = 4, HeadChannels = 4, AttentionLevels = [2, 3], InputSide = 32 };

    public static PromotionTerms FewGroups { get; } = new(MinGroups: 2);

    /// <summary>24 groups of one slice, about a fifth of them locked, and a champion that has seen nothing.</summary>
    public static async Task<RetrainWorld> OpenAsync(string connection, RetrainLimits? limits = null)
    {
        var world = OpenEmpty(connection, limits);
        for (var group = 0; group < Groups; group++)
            await world.AddSliceAsync(group);
        await world.PublishAsync(ChampionVersion, seed: 1, new TrainedOn(ChampionVersion, null, [], []));
        await world.MoveAliasAsync(ChampionVersion);
        return world;
    }

    public static RetrainWorld OpenEmpty(string connection, RetrainLimits? limits = null) =>
        limits is null ? new RetrainWorld(connection) : new RetrainWorld(connection) { Limits = limits };

    public Task AddSliceAsync(int group, byte label = 1)
    {
        var (image, mask) = Picture(group, label);
        var png = new BinaryData(SlicePreprocessor.ToPng(image));
        return Data.AddAsync(
            new NewSlice(ScanId.FromContent($"s{group}", png.ToMemory().Span), $"s{group}", $"g{group}", png, mask, new SliceOrigin(SliceOrigins.Import, Time.GetUtcNow().UtcDateTime)), Stop);
    }

    public static ScanId IdOf(int group) => ScanId.FromContent($"s{group}", SlicePreprocessor.ToPng(Picture(group).Image));

    /// <summary>The first group that is locked or not.</summary>
    public async Task<int> FirstGroupAsync(bool isLocked)
    {
        var rule = await Data.RuleAsync(Stop);
        return Enumerable.Range(0, Groups).First(group => LockedGroups.IsLocked($"g{group}", rule) == isLocked);
    }

    /// <summary>As `data forget` does, while the job's beat is fresh.</summary>
    public async Task ForgetAsync(int group)
    {
        var erasure = new DataErasure(Storage, new FakeTimeProvider(FastTime.StartUtc), new HashSet<string>());
        (await erasure.ForgetAsync(ErasureTarget.OfScan(IdOf(group)), Stop)).IsDone.ShouldBeTrue();
    }

    /// <summary>Two ways of drawing different pictures: blotches, and a disk that is the lesion.</summary>
    public static (GreyImage Image, LesionMask Mask) Picture(int seed, byte label = 1)
    {
        const int Side = 48;
        var random = new Random(seed);
        var blotches = Enumerable.Range(0, 64).Select(_ => random.Next(20, 120)).ToArray();
        var (x, y, radius) = (random.Next(10, 38), random.Next(10, 38), random.Next(5, 10));
        var (image, mask) = (new byte[Side * Side], new byte[Side * Side]);
        for (var i = 0; i < image.Length; i++)
        {
            var (column, row) = (i % Side, i / Side);
            var inside = ((column - x) * (column - x)) + ((row - y) * (row - y)) < radius * radius;
            image[i] = (byte)(blotches[(row / 6 * 8) + (column / 6)] + (inside ? 100 : 0));
            mask[i] = inside ? label : (byte)0;
        }
        return (new GreyImage(Side, Side, image), new LesionMask(Side, Side, mask));
    }

    public async Task<ServedModel> PublishAsync(string version, int seed, TrainedOn? trainedOn)
    {
        var files = Untrained(version, seed, card: new ModelCard("Discs.", "Free.", "Tests.", "Patients.", "docs/model-card.md"));
        await Models.PublishAsync(files.Manifest, files.ManifestJson, files.Weights, trainedOn, Stop);
        return new ServedModel(version, files.Manifest.WeightsSha256);
    }

    public static ModelFiles Untrained(string version, int seed, string? parent = null, ModelCard? card = null)
    {
        manual_seed(seed);
        using var network = new ResidualAttentionUNet(Tiny);
        using var check = new InputCheckNetwork();
        var (manifest, json, weights) = ModelFolder.Write(TrainingRunTests.Manifest(Tiny) with { Version = version, ParentVersion = parent, Card = card }, network, check);
        return new ModelFiles(manifest, new BinaryData(json), new BinaryData(weights));
    }

    public async Task MoveAliasAsync(string version)
    {
        var manifest = (await Models.FindAsync(version, Stop)).ShouldNotBeNull();
        var move = Alias.NewMove(AliasMoveKind.Forced, new ServedModel(version, manifest.WeightsSha256), "test", "x");
        (await Alias.MoveAsync(await Models.ReadAliasAsync(Stop), move, Stop)).Done.ShouldBeTrue();
    }

    public async Task<string> ServedAsync() => (await Models.ReadAliasAsync(Stop)).ShouldNotBeNull().Model.Version;

    /// <summary>Asks for a run as the functions do.</summary>
    public async Task<string> RequestAsync(TrainingRunRequest? request = null)
    {
        var (run, isNew) = await Runs.RequestAsync(request ?? new TrainingRunRequest("test") { Epochs = 2, Promotion = FewGroups }, Stop);
        isNew.ShouldBeTrue();
        Ask(run.Id, run.Attempt);
        return run.Id;
    }

    public void Ask(string run, int attempt) => Bus.Put(
        Queues.TrainingRequests,
        System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
            TrainingEvents.Requested(run, attempt, "/test", Time.GetUtcNow().UtcDateTime), ContractsJson.Default.CloudEventTrainingRequested));

    public async Task<TrainingRunStatus> ReadAsync(string run) => (await Runs.FindAsync(run, Stop)).ShouldNotBeNull().Run;

    public async Task<bool> ExistsAsync(string container, string blob) => await Storage.GetBlobContainerClient(container).GetBlobClient(blob).ExistsAsync(Stop);

    /// <summary>Once, just before a job writes a blob whose address ends so.</summary>
    public void Before(string blob, Func<Task> act) => _intruder = new Intruder(blob, act, times: 1);

    /// <summary>The same every time.</summary>
    public void BeforeEach(string blob, Func<Task> act) => _intruder = new Intruder(blob, act, int.MaxValue);

    public Task WriteAliasAsync(BinaryData content) =>
        Storage.GetBlobContainerClient(Containers.Models).GetBlobClient(BlobPaths.CurrentModel).UploadAsync(content, overwrite: true, Stop);

    public Task DamageAliasAsync() => WriteAliasAsync(BinaryData.FromString("{"));

    /// <summary>Runs a job to its end: no more requests.</summary>
    public Task DrainAsync(IChallengerTrainer? trainer = null, IChallengerJudge? judge = null, Effects? effects = null)
    {
        var options = _roles.Guard(new BlobClientOptions());
        if (_intruder is { } intruder)
            options.AddPolicy(intruder, HttpPipelinePosition.PerCall);
        return RunAsync(new BlobServiceClient(_connection, options), trainer, judge, effects, Stop);
    }

    public Task RunUntilToldAsync(IChallengerTrainer trainer, IChallengerJudge judge, CancellationToken stopping) =>
        RunAsync(new BlobServiceClient(_connection, _roles.Guard(new BlobClientOptions())), trainer, judge, effects: null, stopping);

    public async Task<string> DrainAfterRequestAsync(IChallengerTrainer trainer, IChallengerJudge judge)
    {
        var run = await RequestAsync();
        await DrainAsync(trainer, judge);
        return run;
    }

    /// <summary>A job that dies right after its n-th write to the storage.</summary>
    /// <returns>Whether it died.</returns>
    public Task<bool> DieAfterWriteAsync(int writes, IChallengerTrainer? trainer = null, IChallengerJudge? judge = null) =>
        DieAfterWriteAsync(blob: "", writes, trainer, judge);

    /// <summary>A job that dies right after its n-th write to blobs whose name ends so.</summary>
    /// <returns>Whether it died.</returns>
    public async Task<bool> DieAfterWriteAsync(string blob, int writes = 1, IChallengerTrainer? trainer = null, IChallengerJudge? judge = null)
    {
        var grave = new Grave(blob, writes);
        var options = _roles.Guard(new BlobClientOptions { Retry = { MaxRetries = 0 } });
        options.AddPolicy(grave, HttpPipelinePosition.PerCall);
        var job = RunAsync(new BlobServiceClient(_connection, options), trainer, judge, effects: null, CancellationToken.None);
        await Task.WhenAny(job, grave.Died);
        Bus.ExpireLocks();
        if (grave.Died.IsCompleted)
            return true;
        await job;
        return false;
    }

    private ChallengerTraining TrainingBy(TimeProvider time, BlobServiceClient storage)
    {
        var signing = new RunSigning(new ModelStore(storage), Trusted, Key, NullLogger<RunSigning>.Instance);
        return new ChallengerTraining(new DataSetStore(storage, Time), signing, new TrainingCheckpointStore(storage), time, NullLogger<ChallengerTraining>.Instance);
    }

    private async Task RunAsync(BlobServiceClient storage, IChallengerTrainer? trainer, IChallengerJudge? judge, Effects? effects, CancellationToken stopping)
    {
        await new RetrainSession(storage, Bus.Connect(effects ?? new Effects()), Limits, Time, NullLoggerFactory.Instance) { Trainer = trainer ?? (TrainingTime is { } time ? TrainingBy(time, storage) : null), Judge = judge, Trusted = Trusted, Key = Key }.RunAsync(stopping);
        _roles.Refused.ShouldBeEmpty();
    }

    /// <summary>Somebody comes by between two steps of a job.</summary>
    private sealed class Intruder(string blob, Func<Task> act, int times) : HttpPipelinePolicy
    {
        private int _came;

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (message.Request.Method == RequestMethod.Put && message.Request.Uri.Path.EndsWith(blob, StringComparison.Ordinal) && Interlocked.Increment(ref _came) <= times)
                await act();
            await ProcessNextAsync(message, pipeline);
        }
    }

    /// <summary>Counts writes; after the last one nothing answers any more.</summary>
    private sealed class Grave(string blob, int writes) : HttpPipelinePolicy
    {
        private readonly TaskCompletionSource _died = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _done;

        public Task Died => _died.Task;

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            await NothingWhenDeadAsync();
            await ProcessNextAsync(message, pipeline);
            var isWrite = (message.Request.Method == RequestMethod.Put || message.Request.Method == RequestMethod.Delete)
                && message.Request.Uri.Path.EndsWith(blob, StringComparison.Ordinal);
            if (isWrite && Interlocked.Increment(ref _done) >= writes)
                _died.TrySetResult();
            await NothingWhenDeadAsync();
        }

        private Task NothingWhenDeadAsync() => _died.Task.IsCompleted ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System) : Task.CompletedTask;
    }
}
