using System.Net;
using System.Text.Json;
using Azure.Storage.Blobs.Models;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.Testing;

namespace CtSeg.Functions.Tests;

public sealed class TakeUploadTests(AzuriteFixture azurite)
{
    private const string Name = "case 1/slice-001 ä.png";
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Given_ASlice_When_ToldOf_Then_ItIsTakenInAsTheBlobTriggerWould(bool isCloudEvent)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var png = Handler.Png();
        var etag = await UploadAsync(handler, Containers.Slices, Name, png);

        var reply = await handler.PostAsync("TakeUpload", Body(Event(handler, Containers.Slices, Name, etag, isCloudEvent)), TraceParent);

        var scan = ScanId.FromContent(Name, png);
        var request = reply.ShouldBeDone().Outputs.GetProperty("request");
        request.GetProperty("type").GetString().ShouldBe("ctseg.segmentation.requested.v1");
        request.GetProperty("traceparent").GetString().ShouldBe(TraceParent);
        (await handler.StatusOfAsync(scan)).State.ShouldBe(ScanState.Preprocessed);
        // The trigger and the message may both tell of it.
        (await handler.PreprocessAsync(Name, png)).ShouldBeDone().Outputs.GetProperty("request").GetProperty("id").GetString()
            .ShouldBe(request.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Given_ASliceAboveTheCap_When_ToldOf_Then_ItFailsUnderItsETagWithoutBeingRead()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("MaxUploadBytes", "3"));
        var etag = await UploadAsync(handler, Containers.Slices, Name, [1, 2, 3, 4]);

        var reply = await handler.PostAsync("TakeUpload", Body(Event(handler, Containers.Slices, Name, etag)));

        reply.ShouldBeDone().Outputs.GetProperty("ended").GetProperty("data").GetProperty("failure").GetProperty("reason").GetString().ShouldBe("too-large");
        (await handler.StatusOfAsync(ScanId.FromETag(Name, etag))).State.ShouldBe(ScanState.Failed);
    }

    [Fact]
    public async Task Given_ASliceThatIsGone_When_ToldOf_Then_NothingIsSent()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.PostAsync("TakeUpload", Body(Event(handler, Containers.Slices, Name, "0x1")))).ShouldSendNothing();
    }

    [Theory]
    [InlineData(Containers.Slices)]
    [InlineData(Containers.Status)]
    [InlineData(Containers.Preprocessed)]
    public async Task Given_AMissingContainer_When_ASliceIsToldOf_Then_ItIsAFaultAndTheMessageComesAgain(string container)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var etag = await UploadAsync(handler, Containers.Slices, Name, Handler.Png());
        await handler.Storage.DeleteBlobContainerAsync(container, cancellationToken: Handler.Stop);

        (await handler.PostAsync("TakeUpload", Body(Event(handler, Containers.Slices, Name, etag)))).ShouldHaveFailed(HttpStatusCode.InternalServerError);
    }

    [Fact]
    public async Task Given_ASliceAboveTheCapAndNoStatuses_When_ToldOf_Then_ItIsAFaultAndTheMessageComesAgain()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("MaxUploadBytes", "3"));
        var etag = await UploadAsync(handler, Containers.Slices, Name, [1, 2, 3, 4]);
        await handler.Storage.DeleteBlobContainerAsync(Containers.Status, cancellationToken: Handler.Stop);

        (await handler.PostAsync("TakeUpload", Body(Event(handler, Containers.Slices, Name, etag)))).ShouldHaveFailed(HttpStatusCode.InternalServerError);
    }

    [Fact]
    public async Task Given_ACorrectionOfNoScan_When_ToldOf_Then_ItIsJudgedAsTheBlobTriggerWould()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var blob = BlobPaths.Correction(Samples.Scan);
        var etag = await UploadAsync(handler, Containers.Corrections, blob, [1, 2, 3]);

        (await handler.PostAsync("TakeUpload", Body(Event(handler, Containers.Corrections, blob, etag)))).ShouldSendNothing();

        using var outcome = JsonDocument.Parse((await handler.GetAsync($"/api/corrections/{Samples.Scan}")).Body);
        outcome.RootElement.GetProperty("state").GetString().ShouldBe("refused");
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("null")]
    [InlineData("""{"type":"Microsoft.Storage.BlobDeleted","data":{"url":"http://127.0.0.1/a/slices/b"}}""")]
    [InlineData("""{"type":"Microsoft.Storage.BlobCreated","data":{}}""")]
    [InlineData("""{"type":"Microsoft.Storage.BlobCreated","data":{"url":"https://a.blob.core.windows.net/models/v1/model.json"}}""")]
    public async Task Given_AnotherMessage_When_Received_Then_RefusedAndInTheEndArchived(string message)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.PostAsync("TakeUpload", Body(message))).Code.ShouldBe(HttpStatusCode.BadRequest);

        var metadata = """{"MessageId":"\"m1\"","SequenceNumber":"7","ApplicationProperties":{"DeadLetterReason":"MaxDeliveryCountExceeded"}}""";
        (await handler.PostAsync("RecordLostUpload", Body(message, metadata))).ShouldSendNothing();

        var archived = handler.Storage.GetBlobContainerClient(Containers.Audit).GetBlobClient("dead-letters/m1-7.json");
        var letter = (await archived.DownloadContentAsync(Handler.Stop)).Value;
        letter.Content.ToString().ShouldBe(message);
        letter.Details.Metadata["queue"].ShouldBe(Queues.UploadEvents);
    }

    [Fact]
    public async Task Given_NewsOfASliceThatWasGivenUp_When_Recorded_Then_TheScanFailsAndItIsSaidOnce()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var etag = await UploadAsync(handler, Containers.Slices, Name, [1, 2, 3, 4]);
        var body = Body(Event(handler, Containers.Slices, Name, etag));

        var ended = (await handler.PostAsync("RecordLostUpload", body)).ShouldBeDone().Outputs.GetProperty("ended");

        ended.GetProperty("data").GetProperty("failure").GetProperty("reason").GetString().ShouldBe("poisoned");
        (await handler.StatusOfAsync(ScanId.FromContent(Name, new byte[] { 1, 2, 3, 4 }))).State.ShouldBe(ScanState.Failed);
        (await handler.PostAsync("RecordLostUpload", body)).ShouldSendNothing();
    }

    [Fact]
    public async Task Given_NewsOfACorrectionThatWasGivenUp_When_Recorded_Then_ALetterTellsWhyAndTheUploaderIsTold()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var blob = BlobPaths.Correction(Samples.Scan);
        var etag = await UploadAsync(handler, Containers.Corrections, blob, [1, 2, 3]);
        var metadata = """
            {"MessageId":"\"m1\"","SequenceNumber":"7","DeliveryCount":"10",
             "ApplicationProperties":{"DeadLetterReason":"MaxDeliveryCountExceeded","DeadLetterErrorDescription":"Ten times in vain."}}
            """;

        (await handler.PostAsync("RecordLostUpload", Body(Event(handler, Containers.Corrections, blob, etag), metadata))).ShouldSendNothing();

        using var outcome = JsonDocument.Parse((await handler.GetAsync($"/api/corrections/{Samples.Scan}")).Body);
        outcome.RootElement.GetProperty("refusal").GetProperty("reason").GetString().ShouldBe("poisoned");
        List<ArchivedLetter> letters = [];
        await foreach (var letter in new LetterArchive(handler.Storage.GetBlobContainerClient(Containers.Audit)).ListAsync(Handler.Stop))
            letters.Add(letter);
        letters.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            letter => letter.Name.ShouldBe($"{Samples.Scan}-correction"),
            letter => letter.Reason.ShouldBe("poisoned AcceptCorrection"),
            letter => letter.Description.ShouldBe("MaxDeliveryCountExceeded: Ten times in vain."),
            letter => letter.Deliveries.ShouldBe(10));
    }

    private static async Task<string> UploadAsync(Handler handler, string container, string blob, byte[] content) =>
        (await handler.Storage.GetBlobContainerClient(container).GetBlobClient(blob).UploadAsync(new BinaryData(content), new BlobUploadOptions(), Handler.Stop)).Value.ETag.ToString();

    /// <summary>As Event Grid's documentation shows it.</summary>
    private static string Event(Handler handler, string container, string blob, string etag, bool isCloudEvent = true)
    {
        var data = new
        {
            api = "PutBlob", clientRequestId = "6d79dbfb-0e37-4fc4-981f-442c9ca65760", requestId = "831e1650-001e-001b-66ab-eeb76e000000", eTag = etag.Trim('"'),
            contentType = "image/png", contentLength = 4, blobType = "BlockBlob", url = handler.Storage.GetBlobContainerClient(container).GetBlobClient(blob).Uri.AbsoluteUri,
            sequencer = "00000000000004420000000000028963", storageDiagnostics = new { batchId = "b68529f3-68cd-4744-baa4-3c0498ec19f0" },
        };
        var (subject, time, type) = ($"/blobServices/default/containers/{container}/blobs/{blob}", "2026-11-23T15:12:05.1234567Z", "Microsoft.Storage.BlobCreated");
        return isCloudEvent
            ? JsonSerializer.Serialize(new { source = "/subscriptions/0/storageAccounts/a", subject, type, time, id = "831e1650", data, specversion = "1.0" })
            : JsonSerializer.Serialize(new { topic = "/subscriptions/0/storageAccounts/a", subject, eventType = type, eventTime = time, id = "831e1650", data, dataVersion = "", metadataVersion = "1" });
    }

    private static string Body(string message, string metadata = "{}") => Samples.MessageBody("upload", message, metadata);
}
