using System.Text.RegularExpressions;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using CtSeg.Local.FunctionsHost;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.Tests.FunctionsHost;

/// <summary>The blob trigger against Azurite.</summary>
public sealed class BlobTriggerTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GivenANewBlob_WhenListed_ThenItsBytesAndMetadataAreSentOnce()
    {
        await using Setup setup = await Setup.CreateAsync(azurite);
        await setup.Host.StartAsync(setup.Options);

        await setup.UploadAsync("case1/a b.dcm", [0, 1, 0xFF], new Dictionary<string, string> { ["study"] = "s1" });
        SeenRequest request = await setup.Host.Handler.NextAsync();

        JObject body = JObject.Parse(request.Text);
        ((string?)body["Data"]!["slice"]).ShouldBe("AAH/");
        JObject metadata = (JObject)body["Metadata"]!;
        metadata.Properties().Select(property => property.Name).ShouldBe(["Uri", "Properties", "Metadata", "name", "sys"]);
        ((string?)metadata["name"]).ShouldBe("\"case1/a b.dcm\"");
        ((string?)metadata["Uri"]).ShouldBe($"\"{setup.Container.Uri}/case1/a%20b.dcm\"");
        metadata["Metadata"]!.ToString(Newtonsoft.Json.Formatting.None).ShouldBe("""{"study":"s1"}""");
        await setup.ReceiptsAsync(1);
        setup.Host.Handler.HasMore.ShouldBeFalse();
    }

    [Fact]
    public async Task GivenAProcessedBlob_WhenTheHostRestarts_ThenItIsNotProcessedAgainButAChangedOneIs()
    {
        await using Setup setup = await Setup.CreateAsync(azurite);
        await setup.UploadAsync("a", [1]);
        await using (await setup.Host.StartAsync(setup.Options))
        {
            await setup.Host.Handler.NextAsync();
            await setup.ReceiptsAsync(1);
        }

        await setup.Host.StartAsync(setup.Options);
        await setup.UploadAsync("b", [2]);

        Name(await setup.Host.Handler.NextAsync()).ShouldBe("\"b\"");
        await setup.UploadAsync("a", [3]);
        Name(await setup.Host.Handler.NextAsync()).ShouldBe("\"a\"");
        await setup.ReceiptsAsync(3);
        setup.Host.Handler.HasMore.ShouldBeFalse();
    }

    [Fact]
    public async Task GivenAHostThatEndsInTheMiddle_WhenItRestarts_ThenTheBlobIsProcessedAgain()
    {
        await using Setup setup = await Setup.CreateAsync(azurite);
        TaskCompletionSource<ScriptedAnswer> never = new();
        setup.Host.Handler.Answer = _ => never.Task;
        await setup.UploadAsync("a", [1]);
        await using (await setup.Host.StartAsync(setup.Options))
            await setup.Host.Handler.NextAsync();
        setup.Host.Handler.Answer = _ => Task.FromResult(ScriptedAnswer.Json("{}"));

        await setup.Host.StartAsync(setup.Options);

        Name(await setup.Host.Handler.NextAsync()).ShouldBe("\"a\"");
        never.SetCanceled(Cancel);
    }

    [Fact]
    public async Task GivenABlobThatAlwaysFails_WhenTriedFiveTimes_ThenAPoisonMessageIsSentAndNoMoreTriesFollow()
    {
        await using Setup setup = await Setup.CreateAsync(azurite);
        setup.Host.Handler.Answer = _ => Task.FromResult(ScriptedAnswer.Json("{}", status: 500));
        QueueClient poison = new(setup.Connection, BlobTrigger.PoisonQueue, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await setup.Host.StartAsync(setup.Options);

        await setup.UploadAsync("bad.dcm", [1]);
        string etag = (await setup.Container.GetBlobClient("bad.dcm").GetPropertiesAsync(cancellationToken: Cancel)).Value.ETag.ToString().Trim('"');
        await setup.ReceiptsAsync(1);

        for (int i = 0; i < 5; i++)
            await setup.Host.Handler.NextAsync();
        setup.Host.Handler.HasMore.ShouldBeFalse();
        QueueMessage message = await poison.ReceiveMessageAsync(cancellationToken: Cancel);
        string expected = Regex.Replace(Fixtures.Text("poison-message.json"), "\"ContainerName\":.*", $$"""
            "ContainerName":"{{setup.Container.Name}}","BlobName":"bad.dcm","ETag":"{{etag}}"}
            """, RegexOptions.None, TimeSpan.FromSeconds(1));
        message.Body.ToString().ShouldBe(expected);
        await poison.DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancel);
    }

    [Fact]
    public async Task GivenABlobThatFailsOnce_WhenTriedAgain_ThenItIsDone()
    {
        await using Setup setup = await Setup.CreateAsync(azurite);
        int tries = 0;
        setup.Host.Handler.Answer = _ => Task.FromResult(ScriptedAnswer.Json("{}", status: ++tries == 1 ? 503 : 200));
        await setup.Host.StartAsync(setup.Options);

        await setup.UploadAsync("a", [1]);

        await setup.ReceiptsAsync(1);
        tries.ShouldBe(2);
    }

    [Fact]
    public async Task GivenManyBlobs_WhenProcessed_ThenNoMoreRunAtOnceThanConfigured()
    {
        await using Setup setup = await Setup.CreateAsync(azurite);
        int running = 0, most = 0;
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        setup.Host.Handler.Answer = async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await gate.Task;
            Interlocked.Decrement(ref running);
            return ScriptedAnswer.Json("{}");
        };
        for (int i = 0; i < 12; i++)
            await setup.UploadAsync($"blob{i}", [1]);

        await setup.Host.StartAsync(setup.Options);
        await Eventually.TrueAsync(() => Volatile.Read(ref running) == 2, "two run at once");

        // Blobs that came last are found and waiting by the time the host has listed a few times more.
        for (int i = 0; i < 20; i++)
            await setup.UploadAsync($"later{i}", [1]);
        gate.SetResult();
        await setup.ReceiptsAsync(32);
        most.ShouldBe(2);
    }

    [Fact]
    public async Task GivenABlobOutput_WhenAnswered_ThenItIsWritten()
    {
        await using Setup setup = await Setup.CreateAsync(azurite, """{"type":"blob","direction":"out","name":"copy","path":"%Container%-out/{name}.json","connection":"AzureWebJobsStorage"}""");
        BlobContainerClient target = new(setup.Connection, setup.Container.Name + "-out");
        await target.CreateAsync(cancellationToken: Cancel);
        setup.Host.Handler.Answer = _ => Task.FromResult(ScriptedAnswer.Json("""{"Outputs":{"copy":{"n":1}}}"""));
        await setup.Host.StartAsync(setup.Options);

        await setup.UploadAsync("a", [1]);
        await setup.ReceiptsAsync(1);

        (await target.GetBlobClient("a.json").DownloadContentAsync(Cancel)).Value.Content.ToString().ShouldBe("{\n  \"n\": 1\n}");
    }

    private static string Name(SeenRequest request) => (string)JObject.Parse(request.Text)["Metadata"]!["name"]!;

    private sealed class Setup(TestHost host, string connection, string container, string hostId) : IAsyncDisposable
    {
        public TestHost Host => host;

        public string Connection => connection;

        public BlobContainerClient Container { get; } = new(connection, container);

        public FunctionsHostOptions Options(FunctionsHostOptions options) => options with { HostId = hostId };

        public static async Task<Setup> CreateAsync(AzuriteFixture azurite, string? output = null)
        {
            string connection = await azurite.ConnectAsync();
            string container = azurite.Name("slices");
            TestHost host = await TestHost.CreateAsync(null, ("PreprocessSlice", $$"""
                {"bindings":[{"type":"blobTrigger","direction":"in","name":"slice","path":"%Container%/{name}","connection":"AzureWebJobsStorage","dataType":"binary","source":"EventGrid"}{{(output is null ? "" : "," + output)}}]}
                """));
            host.Settings["AzureWebJobsStorage"] = connection;
            host.Settings["Container"] = container;
            Setup setup = new(host, connection, container, container);
            await setup.Container.CreateAsync(cancellationToken: Cancel);
            return setup;
        }

        public async Task UploadAsync(string name, byte[] content, Dictionary<string, string>? metadata = null) =>
            await Container.GetBlobClient(name).UploadAsync(BinaryData.FromBytes(content), new BlobUploadOptions { Metadata = metadata }, Cancel);

        public Task ReceiptsAsync(int count) => Eventually.TrueAsync(
            async () =>
            {
                BlobContainerClient state = new(connection, "azure-webjobs-hosts");
                int found = 0;
                if (await state.ExistsAsync(Cancel))
                    await foreach (BlobItem _ in state.GetBlobsAsync(new GetBlobsOptions { Prefix = $"blobreceipts/{hostId}/" }, Cancel))
                        found++;
                return found >= count;
            },
            $"{count} receipts");

        public ValueTask DisposeAsync() => host.DisposeAsync();
    }
}
