using System.Diagnostics;
using System.Net.Sockets;
using CtSeg.Contracts;
using CtSeg.Telemetry;
using CtSeg.Testing;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Consumer;

public sealed class ConsumeTelemetryTests
{
    private const string Process = "process segmentation-requests";
    private const string Name = "Doe, Jane/slice-001.png";
    private readonly ConsumerWorld _world = new();

    [Fact]
    public async Task Given_Request_When_Consumed_Then_ItsStagesAreUnderTheMessage()
    {
        using var recorded = new RecordedSpans();
        var scan = await _world.UploadAsync(Name, grey: 130, traceParent: recorded.TraceParent);

        await _world.DrainAsync();

        recorded.Pairs().ShouldBe([
            $"message > {Process}", $"{Process} > fetch", $"{Process} > predict", $"{Process} > send segmentation-completed", $"{Process} > store"]);
        recorded.Ended.ShouldAllBe(span => span.Status == ActivityStatusCode.Unset);
        var delivery = recorded.Named(Process);
        delivery.Kind.ShouldBe(ActivityKind.Consumer);
        delivery.HasRemoteParent.ShouldBeTrue();
        ((long)delivery.GetTagItem(TelemetryAttributes.EnqueuedTime)!).ShouldBeInRange(FastTime.StartUtc.ToUnixTimeSeconds(), _world.Time.GetUtcNow().ToUnixTimeSeconds());
        delivery.TagObjects.Where(tag => tag.Key != TelemetryAttributes.EnqueuedTime).ToDictionary(tag => tag.Key, tag => tag.Value).ShouldBe(new Dictionary<string, object?>
        {
            ["messaging.system"] = "servicebus",
            ["messaging.destination.name"] = "segmentation-requests",
            ["messaging.operation.name"] = "process",
            ["messaging.operation.type"] = "process",
            ["messaging.message.id"] = $"{scan}-1",
            ["messaging.servicebus.message.delivery_count"] = 1,
            ["messaging.servicebus.disposition_status"] = "complete",
            ["ctseg.scan.id"] = scan.ToString(),
            ["ctseg.scan.state"] = "completed",
        }, ignoreOrder: true);
        recorded.Named("predict").GetTagItem(TelemetryAttributes.ModelVersion).ShouldBe("test-1");
        _world.Told().ShouldHaveSingleItem().GetProperty("traceparent").GetString().ShouldBe(recorded.Named("send segmentation-completed").Id);
        recorded.AllText().ShouldNotContain("Jane");
        recorded.AllText().ShouldNotContain(".png");
    }

    [Fact]
    public async Task Given_AJobThatDies_When_TheMessageComesAgain_Then_TheSecondDeliveryIsAChildOfTheMessageToo()
    {
        using var recorded = new RecordedSpans();
        await _world.UploadAsync(Name, traceParent: recorded.TraceParent);
        var dying = new Effects { DiesAfter = 4 };
        _ = _world.StartAsync(new FakeSegmenter(), dying, TestContext.Current.CancellationToken);
        await dying.Died.Task;
        _world.Bus.ExpireLocks();

        await _world.DrainAsync();

        // The first delivery's own span has not ended and never will; what did is under the message.
        var delivery = recorded.Named(Process);
        delivery.ParentSpanId.ToHexString().ShouldBe(RecordedSpans.ParentId);
        delivery.GetTagItem(TelemetryAttributes.DeliveryCount).ShouldBe(2);
        delivery.GetTagItem(TelemetryAttributes.ScanState).ShouldBe("completed");
    }

    [Fact]
    public async Task Given_StorageThatFailsOnce_When_TriedAgainInPlace_Then_TheDeliverySaysSo()
    {
        using var recorded = new RecordedSpans();
        await _world.UploadAsync(Name, traceParent: recorded.TraceParent);
        var failed = 0;
        var effects = new Effects
        {
            Before = (_, step) =>
            {
                if (step.Contains("mask.png", StringComparison.Ordinal) && failed++ == 0)
                    throw new HttpRequestException($"{Name} is out of reach", new SocketException());
            },
        };

        await _world.DrainAsync(effects: effects);

        recorded.Ended.Where(span => span.DisplayName == "store").Select(span => span.Status).ShouldBe([ActivityStatusCode.Error, ActivityStatusCode.Unset]);
        var delivery = recorded.Named(Process);
        delivery.Status.ShouldBe(ActivityStatusCode.Unset);
        var retry = delivery.Events.ShouldHaveSingleItem();
        retry.Name.ShouldBe("retry");
        retry.Tags.Single().Key.ShouldBe("error.type");
        recorded.AllText().ShouldNotContain("Jane");
    }

    [Fact]
    public async Task Given_SliceTheModelCannotProcess_When_Consumed_Then_TheSpanTellsCodeAndEnd()
    {
        using var recorded = new RecordedSpans();
        using var measured = new RecordedMeasurements();
        await _world.UploadAsync(Name, grey: 99, traceParent: recorded.TraceParent);

        await _world.DrainAsync(new FakeSegmenter { Before = image => { if (image.Pixels[0] == 99) throw new InvalidOperationException(Name); } });

        var delivery = recorded.Named(Process);
        delivery.GetTagItem(TelemetryAttributes.ErrorType).ShouldBe("inference-failed");
        delivery.GetTagItem(TelemetryAttributes.Disposition).ShouldBe("dead_letter");
        delivery.GetTagItem(TelemetryAttributes.ScanState).ShouldBe("failed");
        measured.Of(Meters.ScansEnded).ShouldBe([(1, "state=failed,reason=inference-failed")]);
        measured.Of(Meters.Slices).ShouldBeEmpty();
        recorded.AllText().ShouldNotContain("Jane");
    }

    [Fact]
    public async Task Given_Slices_When_Segmented_Then_LesionShareRateStagesAndAgeAreMeasured()
    {
        using var measured = new RecordedMeasurements();
        await _world.UploadAsync("all.png", grey: 130);
        await _world.UploadAsync("none.png", grey: 10);

        await _world.DrainAsync();

        measured.Of(Meters.LesionShare).OrderBy(share => share.Value).ShouldBe([(0, "ctseg.model.version=test-1"), (1, "ctseg.model.version=test-1")]);
        measured.Of(Meters.Slices).ShouldBe([(1, "ctseg.model.version=test-1"), (1, "ctseg.model.version=test-1")]);
        measured.Of(Meters.StageDuration).CountBy(stage => stage.Tags).Select(stage => $"{stage.Key} {stage.Value}").Order(StringComparer.Ordinal)
            .ShouldBe(["stage=fetch 2", "stage=predict 2", "stage=store 2"]);
        measured.Of(Meters.ScansEnded).ShouldBe([(1, "state=completed"), (1, "state=completed")]);
        measured.Of(Meters.QueueAge).ShouldAllBe(age => age.Value >= 0 && age.Tags == $"messaging.destination.name={Queues.SegmentationRequests}");
        measured.Of(Meters.QueueAge).Count.ShouldBe(2);
    }
}
