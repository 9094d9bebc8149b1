using System.Net;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Testing;

namespace CtSeg.Functions.Tests;

public sealed class PreprocessSliceTests(AzuriteFixture azurite)
{
    private const string Name = "case1/slice-001.png";
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public async Task Given_Slice_When_Uploaded_Then_PreprocessedAndAskedFor()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var png = Handler.Png();
        var scan = ScanId.FromContent(Name, png);

        var reply = await handler.PostAsync("PreprocessSlice", Handler.BlobBody(Name, png), TraceParent);

        reply.ShouldBeDone().Body.ShouldBe(
            $$$"""{"Outputs":{"request":{"id":"{{{scan}}}-1","type":"ctseg.segmentation.requested.v1","source":"/ctseg/functions/PreprocessSlice","subject":"{{{scan}}}","time":"2026-11-23T15:12:05Z","data":{"scanId":"{{{scan}}}","attempt":1,"image":"{{{scan}}}/image.png","manifest":"{{{scan}}}/manifest.json"},"specversion":"1.0","datacontenttype":"application/json","traceparent":"{{{TraceParent}}}"}},"Logs":["scan {{{scan}}}: preprocessed, attempt 1"],"ReturnValue":null}""");
        var status = await handler.StatusOfAsync(scan);
        (status.State, status.Attempt, status.BlobName).ShouldBe((ScanState.Preprocessed, 1, Name));
        status.Timeline.Select(entry => entry.State).ShouldBe([ScanState.Received, ScanState.Preprocessed]);
        var manifest = (await handler.Blobs.FindManifestAsync(scan, Handler.Stop)).ShouldNotBeNull();
        (manifest.Original.Width, manifest.Original.Height, manifest.InputBytes).ShouldBe((64, 48, png.Length));
        var image = CtSeg.Preprocessing.SlicePreprocessor.FromPng((await handler.Blobs.FindPreprocessedImageAsync(scan, Handler.Stop)).ShouldNotBeNull().ToMemory());
        image.Pixels.ShouldAllBe(pixel => pixel == 100);
    }

    [Fact]
    public async Task Given_BodyOfTheHost_When_ContentIsNoImage_Then_ScanFailsAndInvocationSucceeds()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());

        var reply = await handler.PostAsync("PreprocessSlice", Handler.Fixture("blob-binary.json"));

        // printf 'case1/slice-001.dcm\0\0\1\2\377\376\200' | sha256sum
        reply.Body.ShouldBe("""{"Outputs":{},"Logs":["scan d045aac0546f2e3a: Failed, nothing to ask for"],"ReturnValue":null}""");
        var status = await handler.StatusOfAsync(ScanId.Parse("d045aac0546f2e3a"));
        status.BlobName.ShouldBe("case1/slice-001.dcm");
        status.Failure.ShouldNotBeNull().Reason.ShouldBe(FailureReason.UnsupportedKind);
    }

    public static TheoryData<string, FailureReason> BadInputs => new()
    {
        { "empty", FailureReason.Empty },
        { "text", FailureReason.UnsupportedKind },
        { "truncated", FailureReason.Truncated },
        { "corrupt", FailureReason.Corrupt },
        { "huge", FailureReason.TooLarge },
    };

    [Theory]
    [MemberData(nameof(BadInputs))]
    public async Task Given_BadInput_When_Uploaded_Then_FailedWithReasonAndNothingEnqueued(string kind, FailureReason reason)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("MaxImagePixels", "10000"));
        var content = Bad(kind);

        var reply = await handler.PreprocessAsync(Name, content);

        reply.ShouldSendNothing();
        var scan = ScanId.FromContent(Name, content);
        var status = await handler.StatusOfAsync(scan);
        status.State.ShouldBe(ScanState.Failed);
        status.Timeline.Select(entry => entry.State).ShouldBe([ScanState.Received, ScanState.Failed]);
        var failure = status.Failure.ShouldNotBeNull();
        failure.Reason.ShouldBe(reason);
        failure.Message.ShouldNotBeEmpty();
        failure.Action.ShouldNotBeEmpty();
        (await handler.Blobs.FindManifestAsync(scan, Handler.Stop)).ShouldBeNull();
        (await handler.PreprocessAsync(Name, content)).ShouldSendNothing();
        (await handler.StatusOfAsync(scan)).Timeline.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Given_SameSliceTwice_When_Uploaded_Then_SameRequestAndOneTimeline()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var first = await handler.PreprocessAsync(Name, Handler.Png());
        var second = await handler.PreprocessAsync(Name, Handler.Png());

        second.ShouldBeDone().Body.ShouldBe(first.Body);
        (await handler.StatusOfAsync(ScanId.FromContent(Name, Handler.Png()))).Timeline.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Given_ManyAtOnce_When_SameSlice_Then_OneTimeline()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => handler.PreprocessAsync(Name, Handler.Png())));

        replies.Select(reply => reply.ShouldBeDone().Outputs.GetProperty("request").GetProperty("id").GetString()).Distinct().Count().ShouldBe(1);
        (await handler.StatusOfAsync(ScanId.FromContent(Name, Handler.Png()))).Timeline.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Given_CrashAfterReceived_When_TriedAgain_Then_GoesOn(bool preprocessedStored)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = ScanId.FromContent(Name, Handler.Png());
        if (preprocessedStored)
        {
            await handler.PreprocessAsync(Name, Handler.Png());
            await handler.Storage.GetBlobContainerClient(Containers.Status).GetBlobClient(BlobPaths.Status(scan)).DeleteAsync(cancellationToken: Handler.Stop);
        }
        await handler.LeaveAsync(ScanStatus.Received(scan, Name, handler.Now));

        var reply = await handler.PreprocessAsync(Name, Handler.Png());

        reply.ShouldBeDone().Outputs.GetProperty("request").GetProperty("id").GetString().ShouldBe($"{scan}-1");
        (await handler.StatusOfAsync(scan)).Attempt.ShouldBe(1);
        (await handler.Blobs.FindManifestAsync(scan, Handler.Stop)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Given_LaterAttemptWaits_When_TriedAgain_Then_ThatAttemptIsAskedForAgain()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = ScanId.FromContent(Name, Handler.Png());
        await handler.LeaveAsync(ScanStatus.Received(scan, Name, handler.Now).Requested(1, handler.Now).Requested(2, handler.Now));

        var reply = await handler.PreprocessAsync(Name, Handler.Png());

        reply.ShouldBeDone().Outputs.GetProperty("request").GetProperty("id").GetString().ShouldBe($"{scan}-2");
    }

    [Theory]
    [InlineData(ScanState.Segmenting)]
    [InlineData(ScanState.Completed)]
    [InlineData(ScanState.Failed)]
    public async Task Given_ScanMovedOn_When_TriedAgain_Then_NothingHappens(ScanState state)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var scan = ScanId.FromContent(Name, Handler.Png());
        var working = ScanStatus.Received(scan, Name, handler.Now).Requested(1, handler.Now).Segmenting(handler.Now);
        await handler.LeaveAsync(state switch
        {
            ScanState.Completed => working.Completed(new ScanResultSummary("v1", []), handler.Now),
            ScanState.Failed => working.Failed(CtSeg.Recovery.Failures.Poisoned, handler.Now),
            _ => working,
        });

        (await handler.PreprocessAsync(Name, Handler.Png())).ShouldSendNothing();

        (await handler.StatusOfAsync(scan)).State.ShouldBe(state);
        (await handler.Blobs.FindManifestAsync(scan, Handler.Stop)).ShouldBeNull();
    }

    [Theory]
    [InlineData("http://127.0.0.1:21000/devstoreaccount1/slices/case%201/sl%C3%A4ce%2B1.png")]
    [InlineData("https://account.blob.core.windows.net/slices/case%201/sl%C3%A4ce%2B1.png")]
    public async Task Given_NoName_When_UriIsThere_Then_NameOfUri(string uri)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var png = Handler.Png();
        var body = JsonSerializer.Serialize(new { Metadata = new { Uri = JsonSerializer.Serialize(uri) }, Data = new { slice = png } });

        (await handler.PostAsync("PreprocessSlice", body)).ShouldBeDone();

        (await handler.StatusOfAsync(ScanId.FromContent("case 1/släce+1.png", png))).BlobName.ShouldBe("case 1/släce+1.png");
    }

    [Theory]
    [InlineData(40_000_000)]
    [InlineData(1001)]
    public async Task Given_SliceAboveCap_When_Uploaded_Then_413AndNoStatus(int bytes)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("MaxUploadBytes", "1000"));
        // Kestrel closes the connection under a client that still sends; the host sees a failure either way.
        Reply? reply = null;
        try
        {
            reply = await handler.PreprocessAsync(Name, new byte[bytes]);
        }
        catch (HttpRequestException) when (bytes > 1_000_000)
        {
        }
        reply?.ShouldHaveFailed(HttpStatusCode.RequestEntityTooLarge);
        (await handler.Statuses.ListPageAsync(10, null, Handler.Stop)).Scans.ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_SliceAtCap_When_Uploaded_Then_Read()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("MaxUploadBytes", "40000000"));
        (await handler.PreprocessAsync(Name, new byte[40_000_000])).ShouldSendNothing();
        (await handler.StatusOfAsync(ScanId.FromContent(Name, new byte[40_000_000]))).Failure.ShouldNotBeNull();
    }

    [Fact]
    public async Task Given_StorageFails_When_Uploaded_Then_InvocationFails()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.Storage.GetBlobContainerClient(Containers.Preprocessed).DeleteAsync(cancellationToken: Handler.Stop);

        (await handler.PreprocessAsync(Name, Handler.Png())).ShouldHaveFailed(HttpStatusCode.InternalServerError);

        // What the host's next try meets once storage is well again.
        var status = await handler.StatusOfAsync(ScanId.FromContent(Name, Handler.Png()));
        status.State.ShouldBe(ScanState.Received);
    }

    [Fact]
    public async Task Given_StatusCannotBeRead_When_Uploaded_Then_InvocationFails()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.LeaveAsync(ScanStatus.Received(ScanId.FromContent(Name, Handler.Png()), Name, handler.Now));
        await handler.BreakAsync(Containers.Status, BlobPaths.Status(ScanId.FromContent(Name, Handler.Png())));

        (await handler.PreprocessAsync(Name, Handler.Png())).ShouldHaveFailed(HttpStatusCode.InternalServerError);
    }

    public static TheoryData<string> Misfits =>
    [
        "", "null", "[]", "{", "{}", """{"Data":{}}""", """{"Data":[]}""", """{"Data":{"slice":"AAEC"}}""",
        """{"Data":{"slice":"AAEC"},"Metadata":{}}""", """{"Data":{"slice":"AAEC"},"Metadata":{"name":"a.png"}}""",
        """{"Data":{"slice":"AAEC"},"Metadata":{"name":"\"\""}}""", """{"Data":{"slice":"!!!!"},"Metadata":{"name":"\"a.png\""}}""",
        """{"Data":{"slice":{"a":1}},"Metadata":{"name":"\"a.png\""}}""", """{"Data":{"slice":"AAEC"},"Metadata":{"name":"\"a.png\""}} {}""",
        """{"Data":{"slice":"AAEC"},"Metadata":{"Uri":"\"http://127.0.0.1:21000/devstoreaccount1/other/a.png\""}}""",
    ];

    [Theory]
    [MemberData(nameof(Misfits))]
    public async Task Given_BodyOffContract_When_Invoked_Then_400(string body)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.PostAsync("PreprocessSlice", body)).ShouldHaveFailed(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Given_TextInsteadOfBytes_When_Invoked_Then_400AndNothingStored()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.PostAsync("PreprocessSlice", Handler.Fixture("blob-text.json"))).ShouldHaveFailed(HttpStatusCode.BadRequest);
        (await handler.Statuses.ListPageAsync(10, null, Handler.Stop)).Scans.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [InlineData("nonsense")]
    public async Task Given_BrokenTraceParent_When_Invoked_Then_NotCarriedAlong(string traceParent)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        var reply = await handler.PostAsync("PreprocessSlice", Handler.BlobBody(Name, Handler.Png()), traceParent);
        reply.ShouldBeDone().Outputs.GetProperty("request").TryGetProperty("traceparent", out _).ShouldBeFalse();
    }

    private static byte[] Bad(string kind)
    {
        var png = Handler.Png();
        switch (kind)
        {
            case "empty":
                return [];
            case "text":
                return "not an image at all"u8.ToArray();
            case "truncated":
                return png[..(png.Length / 2)];
            case "huge":
                return Handler.Png(101, 100);
            default:
                png[^20] ^= 0xFF;
                return png;
        }
    }
}
