using System.Net;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Testing;

namespace CtSeg.Functions.Tests;

public sealed class RecordPoisonedSliceTests(AzuriteFixture azurite)
{
    private const string Function = "RecordPoisonedSlice";
    private const string Name = "case1/slice-001.png";
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static readonly byte[] Content = [1, 2, 3, 4];

    [Fact]
    public async Task Given_NoStatus_When_Poisoned_Then_FailedAndAnnounced()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var etag = await UploadAsync(handler, Content);

        var reply = await handler.PostAsync(Function, Body(etag), TraceParent);

        var scan = ScanId.FromContent(Name, Content);
        var ended = reply.ShouldBeDone().Outputs.GetProperty("ended");
        ended.GetProperty("type").GetString().ShouldBe("ctseg.segmentation.failed.v1");
        ended.GetProperty("id").GetString().ShouldBe($"{scan}-0");
        ended.GetProperty("time").GetString().ShouldBe("2026-11-23T15:12:05Z");
        ended.GetProperty("traceparent").GetString().ShouldBe(TraceParent);
        ended.GetProperty("data").GetProperty("failure").GetProperty("reason").GetString().ShouldBe("poisoned");
        ended.GetProperty("data").GetProperty("blobName").GetString().ShouldBe(Name);
        var status = await handler.StatusOfAsync(scan);
        status.Timeline.Select(entry => entry.State).ShouldBe([ScanState.Received, ScanState.Failed]);
        status.Failure.ShouldNotBeNull().Reason.ShouldBe(FailureReason.Poisoned);
        (await handler.PostAsync(Function, Body(etag))).ShouldSendNothing();
    }

    [Fact]
    public async Task Given_Received_When_Poisoned_Then_FailedAndAnnouncedOnce()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var etag = await UploadAsync(handler, Content);
        var scan = ScanId.FromContent(Name, Content);
        await handler.LeaveAsync(ScanStatus.Received(scan, Name, handler.Now));

        var replies = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => handler.PostAsync(Function, Body(etag))));

        replies.Count(reply => reply.ShouldBeDone().Outputs.TryGetProperty("ended", out _)).ShouldBe(1);
        (await handler.StatusOfAsync(scan)).Timeline.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Given_AStatusThatTellsItsTrace_When_Poisoned_Then_TheEventIsInThatOne()
    {
        const string Host = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var etag = await UploadAsync(handler, Content);
        await handler.LeaveAsync(ScanStatus.Received(ScanId.FromContent(Name, Content), Name, handler.Now) with { TraceParent = TraceParent });

        var ended = (await handler.PostAsync(Function, Body(etag), Host)).ShouldBeDone().Outputs.GetProperty("ended");

        ended.GetProperty("traceparent").GetString().ShouldBe(TraceParent);
    }

    [Fact]
    public async Task Given_AboveCap_When_Poisoned_Then_TooLargeUnderTheETag()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("MaxUploadBytes", "3"));
        var etag = await UploadAsync(handler, Content);

        (await handler.PostAsync(Function, Body(etag))).ShouldBeDone().Outputs.GetProperty("ended")
            .GetProperty("data").GetProperty("failure").GetProperty("reason").GetString().ShouldBe("too-large");

        var status = await handler.StatusOfAsync(ScanId.FromETag(Name, etag));
        status.Failure.ShouldNotBeNull().Message.ShouldBe("The file has 4 bytes, more than the 3 that are allowed.");
    }

    [Theory]
    [InlineData(ScanState.Preprocessed)]
    [InlineData(ScanState.Segmenting)]
    [InlineData(ScanState.Completed)]
    public async Task Given_ScanMovedOn_When_Poisoned_Then_Left(ScanState state)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var etag = await UploadAsync(handler, Content);
        var scan = ScanId.FromContent(Name, Content);
        var asked = ScanStatus.Received(scan, Name, handler.Now).Requested(1, handler.Now);
        await handler.LeaveAsync(state switch
        {
            ScanState.Preprocessed => asked,
            ScanState.Segmenting => asked.Segmenting(handler.Now),
            _ => asked.Completed(new ScanResultSummary("v1", []), handler.Now),
        });

        (await handler.PostAsync(Function, Body(etag))).ShouldSendNothing();
        (await handler.StatusOfAsync(scan)).State.ShouldBe(state);
    }

    [Fact]
    public async Task Given_MessageOfTheHost_When_BlobIsGone_Then_DoneWithoutAnything()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.PostAsync(Function, Handler.Fixture("queue.json"))).Body
            .ShouldBe("""{"Outputs":{},"Logs":["the poisoned blob is gone or replaced"],"ReturnValue":null}""");
        (await handler.Statuses.ListPageAsync(10, null, Handler.Stop)).Scans.ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_BlobWasReplaced_When_Poisoned_Then_NewVersionIsNotBlamed()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await UploadAsync(handler, Content);
        (await handler.PostAsync(Function, Body("0x1CB2D1F2A7E4C80"))).ShouldSendNothing();
        (await handler.Statuses.ListPageAsync(10, null, Handler.Stop)).Scans.ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_OtherFunctionsBlob_When_Poisoned_Then_Ignored()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var etag = await UploadAsync(handler, Content);
        (await handler.PostAsync(Function, Body(etag, "Host.Functions.Another"))).ShouldSendNothing();
        (await handler.Statuses.ListPageAsync(10, null, Handler.Stop)).Scans.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"FunctionId":null,"ContainerName":"slices","BlobName":"a"}""")]
    public async Task Given_NoPoisonMessage_When_Invoked_Then_400(string message)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.PostAsync(Function, Samples.MessageBody("message", message))).ShouldHaveFailed(HttpStatusCode.BadRequest);
    }

    private static async Task<string> UploadAsync(Handler handler, byte[] content) =>
        (await handler.Blobs.Upload(Name).UploadAsync(new BinaryData(content), Handler.Stop)).Value.ETag.ToString();

    private static string Body(string etag, string function = "Host.Functions.PreprocessSlice") => Samples.MessageBody("message", JsonSerializer.Serialize(
        new { FunctionId = function, BlobType = "BlockBlob", ContainerName = "slices", BlobName = Name, ETag = etag }));
}
