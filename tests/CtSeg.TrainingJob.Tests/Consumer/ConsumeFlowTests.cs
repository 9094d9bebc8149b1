using System.Diagnostics;
using CtSeg.Contracts;
using CtSeg.Segmentation;
using CtSeg.Telemetry;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Consumer;

public sealed class ConsumeFlowTests
{
    private const string TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    private readonly ConsumerWorld _world = new();

    [Fact]
    public async Task Given_Request_When_Consumed_Then_MessageIsSettledAfterAllIsDurable()
    {
        var scan = await _world.UploadAsync("a.png");

        var effects = await _world.DrainAsync();

        var steps = effects.Done;
        steps[0].ShouldBe($"GET status/{scan}.json");
        steps.Skip(1).Take(2).Order().ShouldBe([$"GET preprocessed/{scan}/image.png", $"GET preprocessed/{scan}/manifest.json"]);
        steps.Skip(3).ShouldBe([
            $"PUT status/{scan}.json",
            $"PUT results/{scan}/mask.png",
            $"PUT results/{scan}/overlay.png",
            $"PUT results/{scan}/metrics.json",
            // An erasure may have come between: then the result is taken back.
            $"HEAD audit/erased/{scan}",
            $"PUT status/{scan}.json",
            // It waits no longer.
            $"DELETE status/{BlobPaths.WaitingScan(scan, 0)}",
            $"SEND {Queues.SegmentationCompleted} {scan}-1",
            "COMPLETE 1",
        ]);
    }

    [Fact]
    public async Task Given_Request_When_Consumed_Then_ResultIsWhole()
    {
        var scan = await _world.UploadAsync("a.png", grey: 130);

        await _world.DrainAsync();

        var mask = MaskPng.Read(_world.Storage.Find($"results/{scan}/mask.png"), (40, 30));
        mask.Labels.ShouldAllBe(label => label == (byte)LesionClass.Consolidation);
        var metrics = (await _world.Blobs.FindMetricsAsync(scan, TestContext.Current.CancellationToken)).ShouldNotBeNull();
        metrics.RequestId.ShouldBe($"{scan}-1");
        metrics.Lesions.Single(lesion => lesion.Class == "consolidation").Pixels.ShouldBe(1200);
        metrics.Model.Version.ShouldBe("test-1");
        metrics.InputCheck.ShouldNotBeNull();
        (await _world.Statuses.FindAsync(scan, TestContext.Current.CancellationToken))!.Status.Result!.InputCheck.ShouldBe(metrics.InputCheck);
        var status = await _world.StatusOfAsync(scan);
        status.State.ShouldBe(ScanState.Completed);
        status.Timeline.Select(entry => entry.State).ShouldBe(
            [ScanState.Received, ScanState.Preprocessed, ScanState.Segmenting, ScanState.Completed]);
        status.Result.ShouldNotBeNull().ModelVersion.ShouldBe("test-1");
        var told = _world.Told().ShouldHaveSingleItem();
        told.GetProperty("type").GetString().ShouldBe(EventTypes.SegmentationCompleted);
        told.GetProperty("data").GetProperty("mask").GetString().ShouldBe($"{scan}/mask.png");
    }

    [Fact]
    public async Task Given_ManyRequests_When_Consumed_Then_EachHasItsOwnMask()
    {
        var scans = new List<(ScanId Scan, byte Grey)>();
        for (var i = 0; i < 40; i++)
            scans.Add((await _world.UploadAsync($"{i}.png", (byte)(i * 6)), (byte)(i * 6)));

        await _world.DrainAsync();

        foreach (var (scan, grey) in scans)
        {
            MaskPng.Read(_world.Storage.Find($"results/{scan}/mask.png")).Labels[0].ShouldBe((byte)(grey / 64));
            (await _world.StatusOfAsync(scan)).State.ShouldBe(ScanState.Completed);
        }
        _world.Told().Count.ShouldBe(40);
    }

    [Fact]
    public async Task Given_SameMessageTwiceAndAnotherAttempt_When_Consumed_Then_OneResultAndOneEvent()
    {
        var scan = await _world.UploadAsync("a.png");
        _world.Ask(scan);
        _world.Ask(scan, attempt: 2);
        var segmenter = new FakeSegmenter();

        await _world.DrainAsync(segmenter);

        segmenter.Calls.ShouldBe(1);
        var metrics = (await _world.Blobs.FindMetricsAsync(scan, TestContext.Current.CancellationToken)).ShouldNotBeNull();
        _world.Told().ShouldHaveSingleItem().GetProperty("id").GetString().ShouldBe(metrics.RequestId);
        _world.Storage.Writes.Select(write => write.Name).Order().ShouldBe([
            $"results/{scan}/mask.png", $"results/{scan}/metrics.json", $"results/{scan}/overlay.png", $"status/{scan}.json", $"status/{scan}.json"], ignoreOrder: true);
    }

    [Fact]
    public async Task Given_ScanFailedElsewhere_When_AskedFor_Then_CompletedWithoutWork()
    {
        var scan = await _world.UploadAsync("a.png");
        var failure = new ScanFailure(FailureReason.GaveUp, "No result came.", "Upload it again.");
        await _world.Statuses.ChangeAsync(scan, status => status.Failed(failure, _world.Time.GetUtcNow().UtcDateTime), TestContext.Current.CancellationToken);
        var segmenter = new FakeSegmenter();

        await _world.DrainAsync(segmenter);

        segmenter.Calls.ShouldBe(0);
        _world.Told().ShouldBeEmpty();
        _world.DeadLetters().ShouldBeEmpty();
        (await _world.StatusOfAsync(scan)).Failure.ShouldBe(failure);
    }

    [Fact]
    public async Task Given_StatusWasLost_When_AskedFor_Then_ItIsMadeAnew()
    {
        var scan = await _world.UploadAsync("a.png");
        _world.Storage.Remove($"status/{scan}.json");

        await _world.DrainAsync();

        (await _world.StatusOfAsync(scan)).State.ShouldBe(ScanState.Completed);
        _world.Told().ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(TraceParent, TraceParent)]
    [InlineData("Doe, Jane", null)]
    public async Task Given_StatusWasLost_When_AskedFor_Then_OnlyATraceContextIsTakenFromTheRequest(string asked, string? kept)
    {
        var scan = await _world.UploadAsync("a.png", traceParent: asked);
        _world.Storage.Remove($"status/{scan}.json");

        await _world.DrainAsync();

        (await _world.StatusOfAsync(scan)).ShouldSatisfyAllConditions(
            status => status.State.ShouldBe(ScanState.Completed), status => status.TraceParent.ShouldBe(kept));
        _world.Told().ShouldHaveSingleItem().TryGetProperty("traceparent", out _).ShouldBe(kept is not null);
    }

    [Fact]
    public async Task Given_TraceParent_When_NobodyListens_Then_EventCarriesItOn()
    {
        await _world.UploadAsync("a.png", traceParent: TraceParent);

        await _world.DrainAsync();

        _world.Told().ShouldHaveSingleItem().GetProperty("traceparent").GetString().ShouldBe(TraceParent);
    }

    [Fact]
    public async Task Given_TraceParent_When_SomebodyListens_Then_EventBelongsToAChildOfIt()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TelemetryNames.Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        await _world.UploadAsync("a.png", traceParent: TraceParent);

        await _world.DrainAsync();

        var told = _world.Told().ShouldHaveSingleItem().GetProperty("traceparent").GetString().ShouldNotBeNull();
        told.ShouldStartWith(TraceParent[..36]);
        told.ShouldNotBe(TraceParent);
    }

    [Fact]
    public async Task Given_AScanErasedWhileItsResultIsWritten_When_Consumed_Then_AllThatWasMadeOfItIsGone()
    {
        var scan = await _world.UploadAsync("a.png");
        await _world.Connect().GetBlobContainerClient(Containers.Audit).GetBlobClient(BlobPaths.ErasedScan(scan)).UploadAsync(BinaryData.Empty, TestContext.Current.CancellationToken);
        // An erasure in its midst: the manifest is gone, the image not yet.
        var effects = new Effects { After = (_, step) => EraseAfter(step) };

        await _world.DrainAsync(effects: effects);

        string[] made = [$"preprocessed/{BlobPaths.PreprocessedImage(scan)}", $"results/{BlobPaths.Mask(scan)}", $"results/{BlobPaths.Metrics(scan)}", $"status/{BlobPaths.Status(scan)}"];
        made.Where(blob => _world.Storage.Find(blob) is not null).ShouldBeEmpty();
        effects.Done.ShouldContain($"DELETE {made[0]}");
        _world.Told().ShouldBeEmpty();

        void EraseAfter(string step)
        {
            if (step == $"PUT results/{BlobPaths.Metrics(scan)}")
                _world.Storage.Remove($"preprocessed/{BlobPaths.Manifest(scan)}");
        }
    }

    [Fact]
    public async Task Given_OneSliceInTheModel_When_OthersWait_Then_TheNextIsFetchedAndTheOneBeforeIsStored()
    {
        using var gate = new SemaphoreSlim(0);
        var segmenter = new FakeSegmenter { Before = _ => gate.Wait(TestContext.Current.CancellationToken) };
        var first = await _world.UploadAsync("1.png", 10);
        var second = await _world.UploadAsync("2.png", 20);
        await _world.UploadAsync("3.png", 30);
        var effects = new Effects();
        effects.After = (_, _) => _world.Bus.Changed();
        using var stop = new CancellationTokenSource();
        var run = _world.StartAsync(segmenter, effects, stop.Token);

        await _world.Bus.UntilAsync(() => segmenter.Calls == 1 && effects.Done.Count(step => step.EndsWith("image.png", StringComparison.Ordinal)) == 3);
        _world.Told().ShouldBeEmpty();
        gate.Release();
        await _world.Bus.UntilAsync(() => effects.Done.Count(step => step.StartsWith("COMPLETE", StringComparison.Ordinal)) == 1);
        segmenter.Calls.ShouldBeLessThanOrEqualTo(2);
        gate.Release(2);
        await _world.Bus.UntilAsync(() => _world.Bus.Messages(Queues.SegmentationRequests).Count == 0);
        await stop.CancelAsync();
        await run;

        _world.Storage.WritesOf($"results/{first}/metrics.json").ShouldBe(1);
        _world.Storage.WritesOf($"results/{second}/metrics.json").ShouldBe(1);
    }
}
