using System.CommandLine;
using System.Text.Json;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.Testing;
using CtSeg.TrainingJob.DataSets;

namespace CtSeg.TrainingJob.Tests.Erasure;

/// <summary>`data forget` as it is typed, on real storage.</summary>
public sealed class DataForgetCommandTests(AzuriteFixture azurite)
{
    private const int Side = 32;
    private string? _connection;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_AGroup_When_ForgottenStepByStep_Then_TriedAskedAndDone()
    {
        _connection = await azurite.NewAccountAsync();
        var first = await ImportAsync("s1", "patient 7", 1);
        await ImportAsync("s2", "patient 7", 2);
        var stays = await ImportAsync("s3", "patient 8", 3);

        var (dry, tried, _) = await RunAsync("--group", "patient 7", "--dry-run");
        (dry, await CountAsync()).ShouldBe((0, 3));
        tried.ShouldContain("Would be removed (2; blobs of uploads: 0, taken in by the pipeline: 0, in the training data: 2): ");
        tried.ShouldContain(first.ToString());
        tried.ShouldNotContain("patient");
        var (done, json, errors) = await RunAsync("--group", "patient 7", "--yes", "--json");
        (done, errors).ShouldBe((0, ""));
        using var result = JsonDocument.Parse(json);
        var erasure = result.RootElement.GetProperty("erasures").EnumerateArray().ShouldHaveSingleItem();
        (erasure.GetProperty("isDone").GetBoolean(), erasure.GetProperty("scans").GetArrayLength(), erasure.GetProperty("trainingSlices").GetInt32()).ShouldBe((true, 2, 2));
        json.ShouldNotContain("patient");
        (await CountAsync()).ShouldBe(1);
        (await RunAsync("--scan", stays.ToString(), "--yes")).Output.ShouldContain("blobs of 1 slices are removed");
        (await CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Given_AnUnknownGroupOrScan_When_Forgotten_Then_SaidAndNoOrderIsWritten()
    {
        _connection = await azurite.NewAccountAsync();
        foreach (var named in (string[][])[["--group", "nobody", "--yes"], ["--scan", "0011223344556677", "--dry-run"]])
        {
            var (code, _, errors) = await RunAsync(named);
            code.ShouldBe(1);
            errors.ShouldContain("Nothing is known of what was named");
        }
        (await RunAsync("--resume")).ShouldBe((0, "No erasure was open." + Environment.NewLine, ""));
    }

    [Fact]
    public async Task Given_AnOpenOrderAndADamagedOne_When_Resumed_Then_TheOneIsDoneAndTheOtherTold()
    {
        _connection = await azurite.NewAccountAsync();
        var slice = await ImportAsync("s1", "patient 7", 1);
        var storage = new BlobServiceClient(_connection);
        await new ErasureOrders(storage, TimeProvider.System).CreateAsync(null, slice, Stop);
        await storage.GetBlobContainerClient(Containers.Audit).GetBlobClient("erasures/20200101-000000-000000.json").UploadAsync(new BinaryData("{"), Stop);

        var (code, output, errors) = await RunAsync("--resume");

        code.ShouldBe(1);
        output.ShouldContain("is done");
        errors.ShouldContain("audit/erasures/20200101-000000-000000.json cannot be read");
        (await CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Given_AnOrderThatCannotBeEnded_When_Resumed_Then_ToldAndTheOthersAreDone()
    {
        _connection = await azurite.NewAccountAsync();
        var slice = await ImportAsync("s1", "patient 7", 1);
        var storage = new BlobServiceClient(_connection);
        var orders = new ErasureOrders(storage, TimeProvider.System);
        // A group is known by its salted hash alone.
        await storage.GetBlobContainerClient(Containers.TrainingData).GetBlobClient(BlobPaths.GroupSalt).UploadAsync(new BinaryData("{"), Stop);
        var stuck = await orders.CreateAsync(new string('a', 64), null, Stop);
        await orders.CreateAsync(null, slice, Stop);

        var (code, output, errors) = await RunAsync("--resume");

        code.ShouldBe(1);
        output.ShouldContain("is done");
        errors.ShouldBe($"Erasure {stuck.Order.Id} could not be ended (training-data/salt.json cannot be read): it stays open, run data forget --resume again." + Environment.NewLine);
        (await CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Given_ADataSetThatWasWrittenAfterAnErasure_When_Resumed_Then_ItIsRemoved()
    {
        _connection = await azurite.NewAccountAsync();
        var slice = await ImportAsync("s1", "patient 7", 1);
        var storage = new BlobServiceClient(_connection);
        var data = await new DataSetStore(storage, TimeProvider.System).SnapshotAsync(Stop);
        var blob = storage.GetBlobContainerClient(Containers.TrainingData).GetBlobClient(BlobPaths.DataSet(data.Version));
        var content = (await blob.DownloadContentAsync(Stop)).Value.Content;
        (await RunAsync("--scan", slice.ToString(), "--yes")).Code.ShouldBe(0);
        await blob.UploadAsync(content, Stop);

        var (code, output, errors) = await RunAsync("--resume");

        (code, errors).ShouldBe((0, ""));
        output.ShouldContain("1 blobs that were written since");
        ((bool)await blob.ExistsAsync(Stop)).ShouldBeFalse();
    }

    [Theory]
    [InlineData]
    [InlineData("--group", "a", "--scan", "0011223344556677")]
    [InlineData("--scan", "x")]
    [InlineData("--group", " ")]
    [InlineData("--group", "a", "--json")]
    [InlineData("--resume", "--dry-run")]
    public void Given_AWrongCommandLine_When_Parsed_Then_Refused(params string[] arguments) =>
        DataCommand.Create(_ => null, TimeProvider.System).Parse(["forget", .. arguments]).Errors.ShouldNotBeEmpty();

    private async Task<ScanId> ImportAsync(string name, string group, int seed)
    {
        var pixels = new byte[Side * Side];
        new Random(seed).NextBytes(pixels);
        var image = new BinaryData(PngWriter.Grey(new GreyImage(Side, Side, pixels)));
        var slice = new NewSlice(
            NewSlice.IdOf(name, image), name, group, image, new LesionMask(Side, Side, new byte[Side * Side]), new SliceOrigin(SliceOrigins.Import, DateTime.UnixEpoch));
        return (await new DataSetStore(new BlobServiceClient(_connection), TimeProvider.System).AddAsync(slice, Stop)).Slice.Id;
    }

    private async Task<int> CountAsync()
    {
        var count = 0;
        await foreach (var _ in new DataSetStore(new BlobServiceClient(_connection), TimeProvider.System).ListAsync(Stop))
            count++;
        return count;
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var command = DataCommand.Create(name => name == Connections.Slices ? _connection : null, TimeProvider.System);
        var code = await command.Parse(["forget", .. arguments]).InvokeAsync(new InvocationConfiguration { Output = output, Error = errors }, Stop);
        return (code, output.ToString(), errors.ToString());
    }
}
