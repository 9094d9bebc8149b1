using System.Text.Json;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Imaging;
using CtSeg.Local.Bench;
using CtSeg.Local.Stack;
using CtSeg.Models;
using CtSeg.Testing;

namespace CtSeg.EndToEnd.Tests.Retraining;

/// <summary>A stack whose job follows the alias, with small models of discs and labelled discs to prove them on.</summary>
internal sealed class DiscStack : IAsyncDisposable
{
    /// <value>A locked fifth of them is enough for the gate's five groups.</value>
    private const int Groups = 48;
    private const int UploadSeed = 7;
    private readonly string _folder;
    private readonly Random _further = new(UploadSeed + 1);

    private DiscStack(RunningStack stack, string folder)
    {
        (Stack, _folder) = (stack, folder);
        Blobs = stack.Local.OpenBlobs();
        Models = new ModelStore(Blobs);
        Alias = new ModelAlias(Blobs, TimeProvider.System);
    }

    public RunningStack Stack { get; }
    public BlobServiceClient Blobs { get; }
    public ModelStore Models { get; }
    public ModelAlias Alias { get; }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="serves">Of the models the one in use.</param>
    /// <param name="models">Makes models in the folder of models that the storage is seeded with.</param>
    public static async Task<DiscStack> StartAsync(string serves, Func<string, Task<IReadOnlyList<ServedModel>>> models, Func<StackOptions, StackOptions>? change = null)
    {
        var folder = Directory.CreateTempSubdirectory("ctseg-disc-stack-").FullName;
        try
        {
            var weights = Path.Combine(folder, "models");
            var made = await models(weights);
            await DiscModels.ServeAsync(weights, made.Single(model => model.Version == serves));
            return new DiscStack(await RunningStack.StartAsync(options => Options(options, weights, change)), folder);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>As a user brings them in.</summary>
    public async Task ImportAsync()
    {
        var (code, said) = await RunAsync("data", "import", DiscFolder.Write(Path.Combine(_folder, "data"), Groups, seed: 5));
        code.ShouldBe(0, said);
    }

    /// <summary>Runs a command of the job on this stack.</summary>
    public async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        using var command = CommandRun.OfJob(Stack.Local, arguments);
        return (await command.EndAsync(), command.Said());
    }

    public async Task<string> CurrentAsync() => (await Models.ReadAliasAsync(Cancel)).ShouldNotBeNull().Model.Version;

    public async Task<IReadOnlyList<AuditedMove>> MovesAsync() =>
        await new AliasAudit(Blobs).ListAsync((await Models.ReadAliasAsync(Cancel))?.Model.MoveId, problem => throw new InvalidDataException(problem), Cancel);

    /// <summary>Uploads slices until told to stop.</summary>
    public SteadyUploads Uploads(int underWay)
    {
        var random = new Random(UploadSeed);
        return new SteadyUploads(
            Stack.Local, [.. Enumerable.Range(0, 8).Select(_ => new BinaryData(PngWriter.Grey(DiscSlice.Draw(random).Image)))], underWay, TimeProvider.System);
    }

    /// <summary>The model of a new upload's result.</summary>
    public async Task<string> ModelOfNextSliceAsync(string name)
    {
        await Stack.UploadAsync(name, new BinaryData(PngWriter.Grey(DiscSlice.Draw(_further).Image)));
        return (await Stack.MetricsOfAsync((await Stack.EndOfAsync(name)).ScanId)).Model.Version;
    }

    /// <summary>Bodies of the events in a queue that have a type.</summary>
    public async Task<IReadOnlyList<JsonElement>> EventsAsync(string queue, string type)
    {
        await using var client = Stack.OpenServiceBus();
        await using var receiver = client.CreateReceiver(queue);
        var events = (await receiver.PeekAsync(250, fromSequenceNumber: 0, Cancel)).Select(message => JsonSerializer.Deserialize<JsonElement>(message.Body.Span));
        return [.. events.Where(one => one.GetProperty("type").GetString() == type)];
    }

    public async ValueTask DisposeAsync()
    {
        await Stack.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static StackOptions Options(StackOptions options, string weights, Func<StackOptions, StackOptions>? change)
    {
        options = options with
        {
            Model = null,
            Weights = weights,
            LockDuration = TimeSpan.FromSeconds(10),
            RetrainArguments = ["--beat-seconds", "0.5", "--stale-seconds", "5", "--max-wait", "1", "--threads", "1"],
            Settings = new Dictionary<string, string>
            {
                // Never in a test that does not ask for it.
                [Settings.RetrainingSchedule] = "0 0 0 1 1 *",
                [Settings.TrainingRunsSchedule] = "*/2 * * * * *",
            },
        };
        return change is null ? options : change(options);
    }
}
