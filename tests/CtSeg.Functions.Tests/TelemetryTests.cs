using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Telemetry;
using CtSeg.Testing;

namespace CtSeg.Functions.Tests;

public sealed class TelemetryTests(AzuriteFixture azurite)
{
    private const string Name = "Doe, Jane/slice-001.png";

    [Fact]
    public async Task Given_Upload_When_Preprocessed_Then_TheMessageIsUnderTheHostsTrace()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        using var recorded = new RecordedSpans();
        var png = Handler.Png();

        var reply = await handler.PostAsync("PreprocessSlice", Handler.BlobBody(Name, png), recorded.TraceParent);

        reply.ShouldBeDone().Outputs.GetProperty("request").GetProperty("traceparent").GetString().ShouldBe(recorded.Named("create segmentation-requests").Id);
        recorded.Pairs().ShouldBe([
            "PreprocessSlice > create segmentation-requests", "PreprocessSlice > preprocess", "PreprocessSlice > store preprocessed", "message > PreprocessSlice"]);
        var invocation = recorded.Named("PreprocessSlice");
        invocation.Kind.ShouldBe(ActivityKind.Consumer);
        invocation.TagObjects.ToDictionary(tag => tag.Key, tag => tag.Value).ShouldBe(new Dictionary<string, object?>
        {
            ["faas.trigger"] = "datasource",
            ["faas.invocation_id"] = "0f8fad5b-d9cb-469f-a165-70867728950e",
            ["ctseg.scan.id"] = ScanId.FromContent(Name, png).ToString(),
        }, ignoreOrder: true);
        recorded.AllText().ShouldNotContain("Jane");
        recorded.AllText().ShouldNotContain("slice-001");
    }

    [Fact]
    public async Task Given_NoImage_When_Uploaded_Then_TheSpanTellsTheEndAndIsNoError()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        using var recorded = new RecordedSpans();

        (await handler.PostAsync("PreprocessSlice", Handler.BlobBody(Name, [1, 2, 3]), recorded.TraceParent)).ShouldSendNothing();

        var invocation = recorded.Named("PreprocessSlice");
        invocation.GetTagItem(TelemetryAttributes.ScanState).ShouldBe("failed");
        invocation.Status.ShouldBe(ActivityStatusCode.Unset);
        recorded.Named("preprocess").Status.ShouldBe(ActivityStatusCode.Error);
        recorded.AllText().ShouldNotContain("Jane");
    }

    [Fact]
    public async Task Given_StorageWithoutItsContainers_When_Uploaded_Then_TheSpanFailsWithoutTheBlobsName()
    {
        // The text of storage's refusal names the blob.
        var connection = await azurite.NewAccountAsync();
        await new BlobServiceClient(connection).DeleteBlobContainerAsync(Containers.Status, cancellationToken: Handler.Stop);
        await using var handler = await Handler.StartAsync(connection);
        using var recorded = new RecordedSpans();

        (await handler.PostAsync("PreprocessSlice", Handler.BlobBody(Name, Handler.Png()), recorded.TraceParent)).ShouldHaveFailed(HttpStatusCode.InternalServerError);

        var invocation = recorded.Named("PreprocessSlice");
        invocation.Status.ShouldBe(ActivityStatusCode.Error);
        invocation.GetTagItem(TelemetryAttributes.ErrorType).ShouldBe("Azure.RequestFailedException");
        recorded.AllText().ShouldNotContain("Jane");
    }

    [Fact]
    public async Task Given_DeadLetter_When_ItsScanEnds_Then_ThatIsInTheTraceOfTheScan()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        using var recorded = new RecordedSpans();
        var request = Samples.RequestOf(Samples.Scan, 1, recorded.TraceParent);
        await handler.LeaveAsync(ScanStatus.Received(Samples.Scan, Name, handler.Now).Requested(1, handler.Now));

        var reply = await handler.PostAsync("RecordDeadLetters", Samples.MessageBody("msg", request));

        recorded.Pairs().ShouldBe([
            "message > process segmentation-requests/$deadletterqueue", "process segmentation-requests/$deadletterqueue > create segmentation-completed"]);
        recorded.Named("process segmentation-requests/$deadletterqueue").GetTagItem(TelemetryAttributes.ScanState).ShouldBe("failed");
        reply.ShouldBeDone().Outputs.GetProperty("ended").GetProperty("traceparent").GetString().ShouldBe(recorded.Named("create segmentation-completed").Id);
        recorded.AllText().ShouldNotContain("Jane");
    }

    [Fact]
    public async Task Given_ATracedScan_When_ItIsAskedForAgain_Then_ThatIsInItsTraceAndTheInvocationIsLinked()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        using var recorded = new RecordedSpans();
        using var timer = new RecordedSpans();
        await handler.PostAsync("PreprocessSlice", Handler.BlobBody(Name, Handler.Png()), recorded.TraceParent);
        handler.Clock.Advance(TimeSpan.FromMinutes(11));

        var reply = await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"), timer.TraceParent);

        recorded.Pairs().ShouldBe([
            "PreprocessSlice > create segmentation-requests", "PreprocessSlice > preprocess", "PreprocessSlice > reconcile", "PreprocessSlice > store preprocessed",
            "message > PreprocessSlice", "reconcile > create segmentation-requests"]);
        var span = recorded.Named("reconcile");
        span.Links.ShouldHaveSingleItem().Context.SpanId.ShouldBe(timer.Named("ReconcileScans").SpanId);
        var create = recorded.Ended.Single(created => created.ParentSpanId == span.SpanId);
        reply.ShouldBeDone().Outputs.GetProperty("requests")[0].GetProperty("traceparent").GetString().ShouldBe(create.Id);
        timer.Pairs().ShouldBe(["message > ReconcileScans"]);
        recorded.AllText().ShouldNotContain("Jane");
    }

    [Fact]
    public async Task Given_ATracedScan_When_ItIsGivenUp_Then_ItsTraceTellsTheEnd()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("MaxSegmentationAttempts", "1"));
        using var recorded = new RecordedSpans();
        await handler.LeaveAsync(ScanStatus.Received(Samples.Scan, Name, handler.Now).Requested(1, handler.Now) with { TraceParent = recorded.TraceParent });
        handler.Clock.Advance(TimeSpan.FromMinutes(11));

        var reply = await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"));

        recorded.Pairs().ShouldBe(["message > reconcile", "reconcile > create segmentation-completed"]);
        var span = recorded.Named("reconcile");
        (span.GetTagItem(TelemetryAttributes.ScanId), span.GetTagItem(TelemetryAttributes.ScanState)).ShouldBe((Samples.Scan.ToString(), "failed"));
        reply.ShouldBeDone().Outputs.GetProperty("ended")[0].GetProperty("traceparent").GetString().ShouldBe(recorded.Named("create segmentation-completed").Id);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Given_AnUploadThatIsGivenUp_When_Recorded_Then_TheTraceOfItsScanTellsTheEnd(bool isTold)
    {
        byte[] content = [1, 2, 3];
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        using var upload = new RecordedSpans();
        using var host = new RecordedSpans();
        var etag = (await handler.Blobs.Upload(Name).UploadAsync(new BinaryData(content), Handler.Stop)).Value.ETag.ToString();
        var scan = ScanId.FromContent(Name, content);
        await handler.LeaveAsync(ScanStatus.Received(scan, Name, handler.Now) with { TraceParent = isTold ? upload.TraceParent : null });
        var poison = JsonSerializer.Serialize(
            new { FunctionId = "Host.Functions.PreprocessSlice", BlobType = "BlockBlob", ContainerName = Containers.Slices, BlobName = Name, ETag = etag });

        var reply = await handler.PostAsync("RecordPoisonedSlice", Samples.MessageBody("message", poison), host.TraceParent);

        var recorded = isTold ? upload : host;
        recorded.Pairs().ShouldBe(isTold
            ? ["give up > create segmentation-completed", "message > give up"]
            : ["RecordPoisonedSlice > give up", "give up > create segmentation-completed", "message > RecordPoisonedSlice"]);
        var span = recorded.Named("give up");
        (span.GetTagItem(TelemetryAttributes.ScanId), span.GetTagItem(TelemetryAttributes.ScanState)).ShouldBe((scan.ToString(), "failed"));
        span.Links.Select(link => link.Context.SpanId).ShouldBe(isTold ? [host.Named("RecordPoisonedSlice").SpanId] : []);
        reply.ShouldBeDone().Outputs.GetProperty("ended").GetProperty("traceparent").GetString().ShouldBe(recorded.Named("create segmentation-completed").Id);
        upload.AllText().ShouldNotContain("Jane");
    }

    [Fact]
    public async Task Given_ScansOfOlderDocuments_When_TheyAreAskedForAgain_Then_ThatIsInTheTraceOfTheInvocation()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        using var timer = new RecordedSpans();
        for (var n = 1; n <= 2; n++)
            await handler.LeaveAsync(ScanStatus.Received(ScanId.Parse($"{n:x16}"), Name, handler.Now).Requested(1, handler.Now));
        handler.Clock.Advance(TimeSpan.FromMinutes(11));

        await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"), timer.TraceParent);

        timer.Pairs().ShouldBe([
            "ReconcileScans > reconcile", "ReconcileScans > reconcile", "message > ReconcileScans",
            "reconcile > create segmentation-requests", "reconcile > create segmentation-requests"]);
    }

    [Fact]
    public async Task Given_NobodyWhoTraces_When_AScanIsAskedForAgain_Then_ItsRequestCarriesTheContextOfItsUpload()
    {
        const string Upload = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.PostAsync("PreprocessSlice", Handler.BlobBody(Name, Handler.Png()), Upload);
        handler.Clock.Advance(TimeSpan.FromMinutes(11));

        var reply = await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"));

        reply.ShouldBeDone().Outputs.GetProperty("requests")[0].GetProperty("traceparent").GetString().ShouldBe(Upload);
    }

    [Fact]
    public async Task Given_TelemetryThatCannotBe_When_Started_Then_AllThatIsWrongIsTold()
    {
        var error = await Should.ThrowAsync<CtSeg.Functions.Settings.SettingsException>(
            () => Handler.StartAsync("UseDevelopmentStorage=true", ("OTEL_EXPORTER_OTLP_ENDPOINT", "nowhere"), ("MaxUploadBytes", "none")));
        error.Message.ShouldContain("OTEL_EXPORTER_OTLP_ENDPOINT is 'nowhere'");
        error.Message.ShouldContain("MaxUploadBytes is 'none'");
    }
}
