using CtSeg.Contracts;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Consumer;

public sealed class KillTests
{
    // Of one slice: 3 reads, 5 writes, one event, one settlement.
    private const int Steps = 10;

    public static TheoryData<int> EveryStep => [.. Enumerable.Range(0, Steps + 1)];

    [Theory]
    [MemberData(nameof(EveryStep))]
    public async Task Given_KilledAfterAnyStep_When_Redelivered_Then_OneResultOneEndOneEvent(int step)
    {
        var world = new ConsumerWorld();
        var scan = await world.UploadAsync("a.png");
        using var cleanUp = new CancellationTokenSource();
        var killed = new Effects { DiesAfter = step };
        var dying = world.StartAsync(new FakeSegmenter(), killed, cleanUp.Token);
        await killed.Died.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, TestContext.Current.CancellationToken);

        world.Bus.ExpireLocks();
        await world.DrainAsync();

        await ShouldBeDoneOnceAsync(world, scan);
        await cleanUp.CancelAsync();
        _ = dying;
    }

    [Theory]
    [MemberData(nameof(EveryStep))]
    public async Task Given_KilledTwice_When_Redelivered_Then_OneResultOneEndOneEvent(int step)
    {
        var world = new ConsumerWorld();
        var scan = await world.UploadAsync("a.png");
        using var cleanUp = new CancellationTokenSource();
        foreach (var diesAfter in new[] { step, Math.Max(0, step - 3) })
        {
            if (world.Bus.Messages(Queues.SegmentationRequests).Count == 0)
                break;
            var killed = new Effects { DiesAfter = diesAfter };
            _ = world.StartAsync(new FakeSegmenter(), killed, cleanUp.Token);
            await Task.WhenAny(
                killed.Died.Task,
                world.Bus.UntilAsync(() => world.Bus.Messages(Queues.SegmentationRequests).Count == 0));
            world.Bus.ExpireLocks();
        }

        await world.DrainAsync();

        await ShouldBeDoneOnceAsync(world, scan);
        await cleanUp.CancelAsync();
    }

    [Theory]
    [MemberData(nameof(EveryStep))]
    public async Task Given_FaultAtAnyStep_When_TriedAgain_Then_OneResultOneEndOneEventAndNoDeliveryIsSpent(int step)
    {
        foreach (var tookEffect in new[] { false, true })
        {
            var world = new ConsumerWorld();
            var scan = await world.UploadAsync("a.png");
            var deliveries = 0;
            var effects = new Effects();
            void Fault(int number, string name)
            {
                deliveries = Math.Max(deliveries, world.Bus.Messages(Queues.SegmentationRequests).Select(message => message.DeliveryCount).DefaultIfEmpty().Max());
                // A settlement that failed comes again only when its lock has ended: see the kills.
                if (number == step && !name.StartsWith("COMPLETE", StringComparison.Ordinal))
                    throw name.StartsWith("SEND", StringComparison.Ordinal)
                        ? new ServiceBus.ServiceBusException("out of reach", isTransient: true)
                        : new HttpRequestException("out of reach");
            }
            effects.Before = tookEffect ? null : Fault;
            effects.After = tookEffect ? Fault : null;

            await world.DrainAsync(effects: effects);

            await ShouldBeDoneOnceAsync(world, scan);
            deliveries.ShouldBeLessThanOrEqualTo(1);
        }
    }

    [Fact]
    public async Task Given_KilledBetweenStatusAndEventOfAFailure_When_Redelivered_Then_TheFailureIsTold()
    {
        var world = new ConsumerWorld();
        var scan = await world.UploadAsync("a.png");
        world.Storage.Remove($"preprocessed/{scan}/image.png");
        using var cleanUp = new CancellationTokenSource();
        // Status, manifest, image, status, written as failed.
        var killed = new Effects { DiesAfter = 5 };
        _ = world.StartAsync(new FakeSegmenter(), killed, cleanUp.Token);
        await killed.Died.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, TestContext.Current.CancellationToken);
        killed.Done[^1].ShouldBe($"PUT status/{scan}.json");
        world.Told().ShouldBeEmpty();

        world.Bus.ExpireLocks();
        await world.DrainAsync();

        world.Told().ShouldHaveSingleItem().GetProperty("type").GetString().ShouldBe(EventTypes.SegmentationFailed);
        world.Storage.WritesOf($"status/{scan}.json").ShouldBe(1);
        await cleanUp.CancelAsync();
    }

    [Fact]
    public async Task Given_PicturesOfAnotherModelAndNoMetrics_When_Redelivered_Then_TheyAreReplaced()
    {
        var world = new ConsumerWorld();
        var scan = await world.UploadAsync("a.png", grey: 130);
        using var cleanUp = new CancellationTokenSource();
        var killed = new Effects { DiesAfter = 6 };
        _ = world.StartAsync(new FakeSegmenter(), killed, cleanUp.Token);
        await killed.Died.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, TestContext.Current.CancellationToken);
        var other = new FakeSegmenter { Model = new ModelReference("test-2", new string('c', 64)), Before = image => Array.Fill(image.Pixels, (byte)200) };

        world.Bus.ExpireLocks();
        await world.DrainAsync(other);

        CtSeg.Segmentation.MaskPng.Read(world.Storage.Find($"results/{scan}/mask.png")).Labels.ShouldAllBe(label => label == 3);
        (await world.Blobs.FindMetricsAsync(scan, TestContext.Current.CancellationToken)).ShouldNotBeNull().Model.Version.ShouldBe("test-2");
        await cleanUp.CancelAsync();
    }

    [Fact]
    public async Task Given_AnotherWorkerFinishedMeanwhile_When_ALateOneWithAnotherModelStores_Then_TheWholeResultStays()
    {
        var world = new ConsumerWorld();
        var scan = await world.UploadAsync("a.png", grey: 130);
        using var gate = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource();
        var late = new FakeSegmenter
        {
            Model = new ModelReference("test-2", new string('c', 64)),
            Before = image => { gate.Wait(TestContext.Current.CancellationToken); Array.Fill(image.Pixels, (byte)200); },
        };
        var lateSteps = new Effects();
        var running = world.StartAsync(late, lateSteps, stop.Token);
        await world.Bus.UntilAsync(() => late.Calls == 1);
        await stop.CancelAsync();
        world.Bus.ExpireLocks();
        await world.DrainAsync();

        gate.Set();
        await running;

        lateSteps.Done.ShouldContain($"PUT results/{scan}/mask.png");
        CtSeg.Segmentation.MaskPng.Read(world.Storage.Find($"results/{scan}/mask.png")).Labels.ShouldAllBe(label => label == 2);
        await ShouldBeDoneOnceAsync(world, scan);
    }

    private static async Task ShouldBeDoneOnceAsync(ConsumerWorld world, ScanId scan)
    {
        var writes = world.Storage;
        writes.WritesOf($"results/{scan}/mask.png").ShouldBe(1);
        writes.WritesOf($"results/{scan}/overlay.png").ShouldBe(1);
        writes.WritesOf($"results/{scan}/metrics.json").ShouldBe(1);
        // Once as segmenting, once as completed.
        writes.WritesOf($"status/{scan}.json").ShouldBe(2);
        (await world.StatusOfAsync(scan)).Timeline.Select(entry => entry.State).ShouldBe(
            [ScanState.Received, ScanState.Preprocessed, ScanState.Segmenting, ScanState.Completed]);
        world.Told().ShouldHaveSingleItem().GetProperty("type").GetString().ShouldBe(EventTypes.SegmentationCompleted);
        world.Bus.Messages(Queues.SegmentationRequests).ShouldBeEmpty();
        world.DeadLetters().ShouldBeEmpty();
    }
}
