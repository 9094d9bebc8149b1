using System.CommandLine;
using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Models;
using CtSeg.Segmentation;
using CtSeg.Testing;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests.Registry;

/// <summary>A storage account with a locked set, and the command on it.</summary>
internal sealed class ModelsWorld : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _connection;
    private readonly Interposed _interposed = new();

    private ModelsWorld(string connection)
    {
        _connection = connection;
        Storage = new BlobServiceClient(connection);
        Store = new ModelStore(Storage);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public BlobServiceClient Storage { get; }
    public ModelStore Store { get; }
    public FakeServiceBus Bus { get; } = new(TimeProvider.System);
    public IReadOnlyList<PictureIdentity> Pictures { get; private set; } = [];

    public static async Task<ModelsWorld> OpenAsync(AzuriteFixture azurite)
    {
        var world = new ModelsWorld(await azurite.NewAccountAsync());
        var data = new DataSetStore(world.Storage, TimeProvider.System);
        await world.Storage.GetBlobContainerClient(Containers.TrainingData).GetBlobClient(BlobPaths.EvaluationRule).UploadAsync(
            new BinaryData(JsonSerializer.SerializeToUtf8Bytes(new EvaluationRule(0.5, 1), ContractsJson.Default.EvaluationRule)), Stop);
        foreach (var slice in DiscModels.Slices(20, seed: 3))
        {
            var image = BinaryData.FromBytes(PngWriter.Grey(slice.Image));
            await data.AddAsync(new NewSlice(NewSlice.IdOf(slice.Name, image), slice.Name, slice.Group, image, slice.Mask, new SliceOrigin(SliceOrigins.Import, DateTime.UnixEpoch)), Stop);
        }
        world.Pictures = [.. DiscModels.Slices(20, seed: 3).Select(slice => PictureIdentity.Of(slice.Image))];
        return world;
    }

    public static string WriteData(TemporaryFolder folder, IReadOnlyList<LabelledSlice> slices)
    {
        Directory.CreateDirectory(folder["images"]);
        Directory.CreateDirectory(folder["masks"]);
        foreach (var slice in slices)
        {
            File.WriteAllBytes(Path.Combine(folder["images"], slice.Name + ".png"), PngWriter.Grey(slice.Image));
            File.WriteAllBytes(Path.Combine(folder["masks"], slice.Name + ".png"), MaskPng.Write(slice.Mask));
        }
        File.WriteAllLines(folder["slices.csv"], slices.Select(slice => $"{slice.Name},{slice.Group}").Prepend("slice,group"));
        return folder.Path;
    }

    public async Task PublishAsync(string version, int blindFor, bool isKnown = true, IReadOnlyList<PictureIdentity>? alsoTrainedOn = null)
    {
        IReadOnlyList<PictureIdentity> pictures = [PictureIdentity.Of(DiscModels.Slices(1, seed: 99)[0].Image), .. alsoTrainedOn ?? []];
        var (code, _, errors) = await RunAsync("publish", DiscModels.Write(_folder[version], version, blindFor, isKnown ? pictures : null));
        code.ShouldBe(ExitCodes.Success, errors);
    }

    public async Task ServeAsync(string version, int blindFor)
    {
        await PublishAsync(version, blindFor);
        (await RunAsync("promote", version, "--force", "--reason", "For the test.")).Code.ShouldBe(ExitCodes.Success);
    }

    /// <summary>Another machine puts a model into use.</summary>
    public async Task<AliasMoveOutcome> RunElsewhereAsync(string version)
    {
        var alias = new ModelAlias(Storage, TimeProvider.System);
        var model = new ServedModel(version, (await Store.FindAsync(version, Stop)).ShouldNotBeNull().WeightsSha256);
        return await alias.MoveAsync(await Store.ReadAliasAsync(Stop), alias.NewMove(AliasMoveKind.Promotion, model, "elsewhere", "Better."), Stop);
    }

    /// <summary>Once, before the next request of the command to such a blob.</summary>
    public void Before(string blob, Func<Task> act) => (_interposed.Blob, _interposed.Act) = (blob, act);

    /// <summary>All blobs with their ETags.</summary>
    public async Task<List<string>> BlobsAsync()
    {
        var blobs = new List<string>();
        foreach (var container in Containers.All)
            await foreach (var blob in Storage.GetBlobContainerClient(container).GetBlobsAsync(cancellationToken: Stop))
                blobs.Add($"{container}/{blob.Name} {blob.Properties.ETag}");
        return blobs;
    }

    public async Task BreakAsync(string blob) => await Storage.GetBlobContainerClient(Containers.Models).GetBlobClient(blob).UploadAsync(BinaryData.FromString("{"), overwrite: true, Stop);

    public async Task<string> CurrentAsync() => (await Store.ReadAliasAsync(Stop)).ShouldNotBeNull().Model.Version;

    public async Task<IReadOnlyList<AuditedMove>> HistoryAsync() => await new AliasAudit(Storage).ListAsync(null, message => throw new InvalidOperationException(message), Stop);

    public async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var options = new BlobClientOptions();
        options.AddPolicy(_interposed, HttpPipelinePosition.PerCall);
        var command = ModelsCommand.Create(keys => new RegistryAccess(
            new BlobServiceClient(_connection, options), () => Bus.Connect(new Effects()), TrustedKeys.Read(keys), "tester", TimeProvider.System));
        var (output, errors, outBefore, errorBefore) = (new StringWriter(), new StringWriter(), Console.Out, Console.Error);
        Console.SetOut(output);
        Console.SetError(errors);
        try
        {
            var code = await command.Parse(arguments).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = TextWriter.Null, Error = TextWriter.Null }, Stop);
            return (code, output.ToString(), errors.ToString());
        }
        finally
        {
            Console.SetOut(outBefore);
            Console.SetError(errorBefore);
        }
    }

    public void Dispose() => _folder.Dispose();

    private sealed class Interposed : HttpPipelinePolicy
    {
        public string? Blob { get; set; }
        public Func<Task>? Act { get; set; }

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (Act is { } act && message.Request.Uri.Path.EndsWith(Blob!, StringComparison.Ordinal))
            {
                Act = null;
                await act();
            }
            await ProcessNextAsync(message, pipeline);
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();
    }
}
