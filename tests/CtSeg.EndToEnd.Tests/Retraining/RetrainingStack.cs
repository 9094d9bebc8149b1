using System.Globalization;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Local.Phantom;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;
using CtSeg.Models;
using CtSeg.Preprocessing;
using CtSeg.ServiceBus;
using CtSeg.TrainingRuns;

namespace CtSeg.EndToEnd.Tests.Retraining;

/// <summary>A stack whose retraining job has small data, a tiny champion that has seen none of them, and short beats.</summary>
internal sealed class RetrainingStack : IAsyncDisposable
{
    public const string Champion = "TestModel";
    private const int LearntGroups = 12;
    private const int LockedGroupCount = 4;
    private const int Side = 96;

    private RetrainingStack(RunningStack stack)
    {
        Stack = stack;
        Blobs = stack.Local.OpenBlobs();
        Runs = new TrainingRunStore(Blobs, TimeProvider.System);
        Models = new ModelStore(Blobs);
        Data = new DataSetStore(Blobs, TimeProvider.System);
    }

    public RunningStack Stack { get; }
    public BlobServiceClient Blobs { get; }
    public TrainingRunStore Runs { get; }
    public ModelStore Models { get; }
    public DataSetStore Data { get; }
    public Supervisor Job => Stack.Local.Retraining;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<RetrainingStack> StartAsync()
    {
        var stack = new RetrainingStack(await RunningStack.StartAsync(options => options with
        {
            StartJob = false,
            Retrains = true,
            MaxCrashes = 1_000,
            RetrainArguments = ["--beat-seconds", "0.5", "--stale-seconds", "3", "--max-wait", "1", "--threads", "1"],
            Settings = new Dictionary<string, string>
            {
                [Settings.TrainingRunsSchedule] = "*/2 * * * * *",
                [Settings.TrainingRunsAfter] = "00:00:10",
            },
        }));
        await stack.PublishChampionAsync();
        var groups = Enumerable.Range(0, int.MaxValue).Select(number => $"g{number}");
        foreach (var group in groups.Where(IsLocked).Take(LockedGroupCount).Concat(groups.Where(group => !IsLocked(group)).Take(LearntGroups)))
            await stack.AddSliceAsync(group);
        return stack;
    }

    /// <summary>As an operator does by <c>training-runs start</c>.</summary>
    public async Task<string> RequestAsync(TrainingRunRequest request)
    {
        var (run, isNew) = await Runs.RequestAsync(request, Cancel);
        isNew.ShouldBeTrue();
        await using var client = Stack.OpenServiceBus();
        await using var sender = client.CreateSender(Queues.TrainingRequests);
        var message = TrainingEvents.Requested(run.Id, run.Attempt, "/tests", run.Timeline[0].Time);
        await sender.SendAsync(
            new OutgoingMessage(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(message, ContractsJson.Default.CloudEventTrainingRequested)) { MessageId = message.Id }, Cancel);
        return run.Id;
    }

    public async Task<TrainingRunStatus> ReadAsync(string run) => (await Runs.FindAsync(run, Cancel)).ShouldNotBeNull().Run;

    public Task<TrainingRunStatus> EndOfAsync(string run, TimeSpan deadline) => Eventually.SeeAsync(
        async () => await ReadAsync(run) is { HasEnded: true } ended ? ended : null, () => $"The run did not end; logs in {Stack.Local.LogFolder}", deadline);

    public async Task<bool> ExistsAsync(string container, string blob) => await Blobs.GetBlobContainerClient(container).GetBlobClient(blob).ExistsAsync(Cancel);

    public async Task ServeAsync(string version)
    {
        var alias = new ModelAlias(Blobs, TimeProvider.System);
        var manifest = (await Models.FindAsync(version, Cancel)).ShouldNotBeNull();
        var move = alias.NewMove(AliasMoveKind.Forced, new ServedModel(version, manifest.WeightsSha256), "tests", "For a test.");
        (await alias.MoveAsync(await Models.ReadAliasAsync(Cancel), move, Cancel)).Done.ShouldBeTrue();
    }

    /// <summary>How the moves of the alias to a model ended.</summary>
    public async Task<IReadOnlyList<AliasMoveStep>> MovesToAsync(string version)
    {
        var current = await Models.ReadAliasAsync(Cancel);
        var moves = await new AliasAudit(Blobs).ListAsync(current?.Model.MoveId, message => Assert.Fail(message), Cancel);
        return [.. moves.Where(move => move.Move.To.Version == version).Select(move => move.Step)];
    }

    /// <summary>Ids of the events in a queue, in the order in which they were sent.</summary>
    public async Task<IReadOnlyList<string>> EventsAsync(string queue)
    {
        await using var client = Stack.OpenServiceBus();
        await using var receiver = client.CreateReceiver(queue);
        return [.. (await receiver.PeekAsync(250, fromSequenceNumber: 0, Cancel)).Select(message => message.MessageId ?? "")];
    }

    public ValueTask DisposeAsync() => Stack.DisposeAsync();

    private async Task PublishChampionAsync()
    {
        var folder = Checkout.Find().TestModel;
        var json = new BinaryData(await File.ReadAllBytesAsync(Path.Combine(folder, "model.json"), Cancel));
        var manifest = System.Text.Json.JsonSerializer.Deserialize(json.ToMemory().Span, ModelsJson.Default.ModelManifest).ShouldNotBeNull();
        // Small pictures: an epoch takes tenths of a second, and the weights are the same.
        manifest = manifest with { Configuration = manifest.Configuration with { InputSide = 64 } };
        json = new BinaryData(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(manifest, ModelsJson.Default.ModelManifest));
        var weights = new BinaryData(await File.ReadAllBytesAsync(Path.Combine(folder, "weights.safetensors"), Cancel));
        await Models.PublishAsync(manifest, json, weights, new TrainedOn(manifest.Version, null, [], []), Cancel);
        await ServeAsync(Champion);
    }

    private static bool IsLocked(string group) => LockedGroups.IsLocked(group, EvaluationRule.Default);

    private async Task AddSliceAsync(string group)
    {
        var (image, mask) = PhantomSlice.Generate(1 + int.Parse(group[1..], CultureInfo.InvariantCulture), Side);
        var png = new BinaryData(SlicePreprocessor.ToPng(image));
        var name = $"phantom-{group}";
        await Data.AddAsync(
            new NewSlice(NewSlice.IdOf(name, png), name, group, png, mask, new SliceOrigin(SliceOrigins.Import, new DateTime(2026, 11, 27, 0, 0, 0, DateTimeKind.Utc))), Cancel);
    }
}
