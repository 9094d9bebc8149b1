using CtSeg.Contracts;
using CtSeg.Testing;

namespace CtSeg.Functions.Tests;

public sealed class RecordDeadLettersTests(AzuriteFixture azurite)
{
    private const string Function = "RecordDeadLetters";
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private const string Metadata = """{"DeliveryCount":"10","MessageId":"\"a/b ä\"","SequenceNumber":"12","EnqueuedTimeUtc":"2026-11-23T15:12:06"}""";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Given_Request_When_DeadLettered_Then_ArchivedFailedAndAnnouncedOnce(bool segmenting)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var asked = ScanStatus.Received(Samples.Scan, "a.png", handler.Now).Requested(1, handler.Now);
        await handler.LeaveAsync(segmenting ? asked.Segmenting(handler.Now) : asked);
        var request = Samples.RequestOf(Samples.Scan, 1, TraceParent);
        var body = Samples.MessageBody("msg", request, Metadata);

        var reply = await handler.PostAsync(Function, body);

        var ended = reply.ShouldBeDone().Outputs.GetProperty("ended");
        ended.GetProperty("type").GetString().ShouldBe("ctseg.segmentation.failed.v1");
        ended.GetProperty("id").GetString().ShouldBe("0011223344556677-1");
        ended.GetProperty("time").GetString().ShouldBe("2026-11-23T15:12:05Z");
        ended.GetProperty("traceparent").GetString().ShouldBe(TraceParent);
        (await handler.StatusOfAsync(Samples.Scan)).Failure.ShouldNotBeNull().Reason.ShouldBe(FailureReason.DeadLettered);
        (await ArchivedAsync(handler, "dead-letters/0011223344556677-1.json")).ShouldBe(request);
        (await handler.PostAsync(Function, body)).ShouldSendNothing();
    }

    [Theory]
    [InlineData("""{"DeliveryCount":"10","ApplicationProperties":{"DeadLetterReason":"inference-failed","DeadLetterErrorDescription":"It broke: 100 %.","ctseg-replays":2}}""")]
    [InlineData("""{"DeliveryCount":"10","DeadLetterReason":"\"inference-failed\"","DeadLetterErrorDescription":"\"It broke: 100 %.\"","ApplicationProperties":{"ctseg-replays":"2"}}""")]
    public async Task Given_WhatTheHostTellsOfAMessage_When_DeadLettered_Then_TheArchiveKeepsReasonTriesAndReplays(string metadata)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());

        (await handler.PostAsync(Function, Samples.MessageBody("msg", Samples.RequestOf(Samples.Scan, 3), metadata))).ShouldBeDone();

        var letters = new List<CtSeg.Recovery.ArchivedLetter>();
        await foreach (var letter in new CtSeg.Recovery.LetterArchive(handler.Storage.GetBlobContainerClient(Containers.Audit)).ListAsync(Handler.Stop))
            letters.Add(letter);
        var archived = letters.ShouldHaveSingleItem();
        (archived.Name, archived.Reason, archived.Description).ShouldBe(("0011223344556677-3", "inference-failed", "It broke: 100 %."));
        (archived.Deliveries, archived.Replays).ShouldBe((10, 2));
    }

    [Fact]
    public async Task Given_ResultExists_When_DeadLettered_Then_CompletedAndAnnounced()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.LeaveAsync(ScanStatus.Received(Samples.Scan, "a.png", handler.Now).Requested(1, handler.Now));
        var picture = new BinaryData("x"u8.ToArray());
        await handler.Blobs.TryStoreResultAsync(Samples.Metrics(Samples.Scan, 1), picture, picture, Handler.Stop);

        var reply = await handler.PostAsync(Function, Samples.MessageBody("msg", Samples.RequestOf(Samples.Scan, 1), Metadata));

        reply.ShouldBeDone().Outputs.GetProperty("ended").GetProperty("type").GetString().ShouldBe("ctseg.segmentation.completed.v1");
        var status = await handler.StatusOfAsync(Samples.Scan);
        (status.State, status.Result.ShouldNotBeNull().ModelVersion).ShouldBe((ScanState.Completed, "v7"));
    }

    [Fact]
    public async Task Given_ResultOfAnEarlierAttempt_When_LaterIsDeadLettered_Then_EventNamesTheAttemptOfTheResult()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.LeaveAsync(ScanStatus.Received(Samples.Scan, "a.png", handler.Now).Requested(1, handler.Now).Requested(2, handler.Now));
        var picture = new BinaryData("x"u8.ToArray());
        await handler.Blobs.TryStoreResultAsync(Samples.Metrics(Samples.Scan, 1), picture, picture, Handler.Stop);

        var ended = (await handler.PostAsync(Function, Samples.MessageBody("msg", Samples.RequestOf(Samples.Scan, 2), Metadata)))
            .ShouldBeDone().Outputs.GetProperty("ended");

        ended.GetProperty("id").GetString().ShouldBe("0011223344556677-1");
        ended.GetProperty("data").GetProperty("attempt").GetInt32().ShouldBe(1);
    }

    [Theory]
    [InlineData(Containers.Status, "0011223344556677.json")]
    [InlineData(Containers.Results, "0011223344556677/metrics.json")]
    public async Task Given_DocumentThatCannotBeRead_When_DeadLettered_Then_ArchivedAndNotDeliveredForever(string container, string document)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.LeaveAsync(ScanStatus.Received(Samples.Scan, "a.png", handler.Now).Requested(1, handler.Now));
        await handler.BreakAsync(container, document);

        (await handler.PostAsync(Function, Samples.MessageBody("msg", Samples.RequestOf(Samples.Scan, 1), Metadata))).ShouldSendNothing();

        (await ArchivedAsync(handler, "dead-letters/0011223344556677-1.json")).ShouldBe(Samples.RequestOf(Samples.Scan, 1));
    }

    [Fact]
    public async Task Given_LaterAttemptRuns_When_EarlierIsDeadLettered_Then_ArchivedOnly()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.LeaveAsync(ScanStatus.Received(Samples.Scan, "a.png", handler.Now).Requested(1, handler.Now).Requested(2, handler.Now));

        (await handler.PostAsync(Function, Samples.MessageBody("msg", Samples.RequestOf(Samples.Scan, 1), Metadata))).ShouldSendNothing();

        (await handler.StatusOfAsync(Samples.Scan)).State.ShouldBe(ScanState.Preprocessed);
        (await ArchivedAsync(handler, "dead-letters/0011223344556677-1.json")).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Given_UnknownScan_When_DeadLettered_Then_ArchivedOnly()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.PostAsync(Function, Samples.MessageBody("msg", Samples.RequestOf(Samples.Scan, 1), Metadata))).ShouldSendNothing();
        (await handler.Statuses.FindAsync(Samples.Scan, Handler.Stop)).ShouldBeNull();
    }

    [Theory]
    [InlineData("hello, no JSON")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("\"abcd\"")]
    [InlineData("{\"a\":1}")]
    [InlineData("""{"id":"x","type":"ctseg.segmentation.requested.v1","source":"s","subject":"0011223344556677","time":"2026-11-23T15:12:05Z","data":{"scanId":"0011223344556677","attempt":1,"image":"i","manifest":"m"}}""")]
    public async Task Given_NoRequest_When_DeadLettered_Then_ArchivedAsItIs(string message)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.LeaveAsync(ScanStatus.Received(Samples.Scan, "a.png", handler.Now).Requested(1, handler.Now));

        (await handler.PostAsync(Function, Samples.MessageBody("msg", message, Metadata))).ShouldSendNothing();

        (await ArchivedAsync(handler, "dead-letters/a-b---12.json")).ShouldBe(message);
        (await handler.StatusOfAsync(Samples.Scan)).State.ShouldBe(ScanState.Preprocessed);
    }

    [Theory]
    [InlineData("service-bus.json", "{\"a\":1}")]
    [InlineData("service-bus-merged.json", """{"a":1,"who":"radiologist","when":"2026-11-23T15:12:06Z","data":{"scan":"s1"},"many":[1,2],"none":null,"yes":true}""")]
    public async Task Given_BodyOfTheHost_When_DeadLettered_Then_MessageIsReadExactly(string fixture, string message)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.PostAsync(Function, Handler.Fixture(fixture))).Body
            .ShouldBe("""{"Outputs":{},"Logs":["the dead letter is no segmentation request; it is archived"],"ReturnValue":null}""");
        (await ArchivedAsync(handler, "dead-letters/abc-12.json")).ShouldBe(message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"Data":[]}""")]
    [InlineData("""{"Data":{"msg":1}}""")]
    public async Task Given_BodyOffContract_When_Invoked_Then_400(string body)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.PostAsync(Function, body)).ShouldHaveFailed(System.Net.HttpStatusCode.BadRequest);
    }

    private static async Task<string> ArchivedAsync(Handler handler, string path) =>
        (await handler.Storage.GetBlobContainerClient(Containers.Audit).GetBlobClient(path).DownloadContentAsync(Handler.Stop)).Value.Content.ToString();
}
