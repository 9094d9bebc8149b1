using System.Text;
using CtSeg.Contracts;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Consumer;

public sealed class ConsumeFailureTests
{
    private const byte Bad = 99;
    private readonly ConsumerWorld _world = new();

    private static FakeSegmenter FailsOnBadSlices() =>
        new() { Before = image => { if (image.Pixels[0] == Bad) throw new InvalidOperationException("no"); } };

    [Fact]
    public async Task Given_SliceTheModelCannotProcess_When_Consumed_Then_ItFailsAndItsNeighbourCompletes()
    {
        var bad = await _world.UploadAsync("bad.png", Bad);
        var good = await _world.UploadAsync("good.png");

        await _world.DrainAsync(FailsOnBadSlices());

        await ShouldHaveFailedAsync(bad, "model fails");
        (await _world.StatusOfAsync(good)).State.ShouldBe(ScanState.Completed);
    }

    [Fact]
    public async Task Given_ImageIsNoImage_When_Consumed_Then_ItFails()
    {
        var scan = await _world.UploadAsync("a.png");
        _world.Storage.Remove($"preprocessed/{scan}/image.png");
        await _world.Storage.Connect().GetBlobContainerClient(Containers.Preprocessed).GetBlobClient($"{scan}/image.png")
            .UploadAsync(new BinaryData("text"), TestContext.Current.CancellationToken);

        await _world.DrainAsync();

        await ShouldHaveFailedAsync(scan, "image cannot be read");
    }

    [Theory]
    [InlineData("image.png")]
    [InlineData("manifest.json")]
    public async Task Given_PreprocessedPartIsMissing_When_Consumed_Then_ItFails(string part)
    {
        var scan = await _world.UploadAsync("a.png");
        _world.Storage.Remove($"preprocessed/{scan}/{part}");

        await _world.DrainAsync();

        await ShouldHaveFailedAsync(scan, "does not exist");
    }

    [Fact]
    public async Task Given_UnknownScan_When_AskedFor_Then_DeadLettered()
    {
        _world.Ask(ScanId.FromContent("nowhere", []));

        await _world.DrainAsync();

        _world.DeadLetters().ShouldHaveSingleItem().DeadLetterReason.ShouldBe("inference-failed");
        _world.Told().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("no json")]
    [InlineData("""{"id":"0011223344556677-1","type":"ctseg.segmentation.requested.v1","source":"/t","subject":"0011223344556677","time":"2026-11-23T00:00:00Z","data":null}""")]
    [InlineData("""{"specversion":"1.0","id":"0011223344556677-1","type":"other","source":"/t","subject":"0011223344556677","time":"2026-11-23T00:00:00Z","data":{"scanId":"0011223344556677","attempt":1,"image":"0011223344556677/image.png","manifest":"0011223344556677/manifest.json"}}""")]
    [InlineData("""{"specversion":"1.0","id":"0011223344556677-2","type":"ctseg.segmentation.requested.v1","source":"/t","subject":"0011223344556677","time":"2026-11-23T00:00:00Z","data":{"scanId":"0011223344556677","attempt":1,"image":"0011223344556677/image.png","manifest":"0011223344556677/manifest.json"}}""")]
    [InlineData("""{"specversion":"1.0","id":"0011223344556677-1","type":"ctseg.segmentation.requested.v1","source":"/t","subject":"0011223344556677","time":"2026-11-23T00:00:00Z","data":{"scanId":"0011223344556677","attempt":1,"image":"../x.png","manifest":"0011223344556677/manifest.json"}}""")]
    public async Task Given_BodyIsNoRequest_When_Consumed_Then_DeadLetteredWithReason(string body)
    {
        _world.Bus.Put(Queues.SegmentationRequests, Encoding.UTF8.GetBytes(body));
        var good = await _world.UploadAsync("good.png");

        var effects = await _world.DrainAsync();

        var dead = _world.DeadLetters().ShouldHaveSingleItem();
        dead.DeadLetterReason.ShouldBe("unreadable-message");
        dead.DeadLetterDescription.ShouldNotBeNullOrEmpty();
        (await _world.StatusOfAsync(good)).State.ShouldBe(ScanState.Completed);
        effects.Done.ShouldNotContain(step => step.Contains("0011223344556677", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Given_StorageOutOfReachForMinutes_When_ItIsBack_Then_NoDeliveryWasSpent()
    {
        for (var i = 0; i < 10; i++)
            await _world.UploadAsync($"{i}.png", (byte)i);
        var since = _world.Time.GetTimestamp();
        var mostDeliveries = 0;
        var effects = new Effects();
        effects.Before = (_, name) =>
        {
            mostDeliveries = Math.Max(mostDeliveries, _world.Bus.Messages(Queues.SegmentationRequests).Max(message => message.DeliveryCount));
            if (_world.Time.GetElapsedTime(since) < TimeSpan.FromMinutes(4) && !name.StartsWith("COMPLETE", StringComparison.Ordinal))
                throw new HttpRequestException("connection refused");
        };

        await _world.DrainAsync(effects: effects);

        mostDeliveries.ShouldBe(1);
        _world.Told().Count.ShouldBe(10);
        _world.DeadLetters().ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_NoRoomForASliceOfItsSize_When_Consumed_Then_AbandonedUntilTheServiceDeadLettersIt()
    {
        var scan = await _world.UploadAsync("a.png");
        var start = _world.Time.GetTimestamp();
        var segmenter = new FakeSegmenter { Before = image => { if (image.Width == ConsumerWorld.Side) throw new InvalidOperationException("no memory"); } };

        await _world.DrainAsync(segmenter);

        _world.DeadLetters().ShouldHaveSingleItem().DeadLetterReason.ShouldBe("MaxDeliveryCountExceeded");
        (await _world.StatusOfAsync(scan)).State.ShouldBe(ScanState.Segmenting);
        // 1 + 2 + 4 + 8 + 16 + 32 + 60 + 60 + 60 + 60 s of pauses.
        _world.Time.GetElapsedTime(start).ShouldBeGreaterThan(TimeSpan.FromSeconds(300));
    }

    [Fact]
    public async Task Given_ModelFailsOnEverything_When_Consumed_Then_TheProcessEndsAndAllMessagesGoBack()
    {
        for (var i = 0; i < 8; i++)
            await _world.UploadAsync($"{i}.png", (byte)i);
        var segmenter = new FakeSegmenter { Before = _ => throw new InvalidOperationException("device lost") };

        var end = await _world.StartAsync(segmenter, new Effects(), TestContext.Current.CancellationToken);

        end.ShouldBe(ConsumerEnd.ModelBroken);
        _world.DeadLetters().ShouldBeEmpty();
        _world.Told().ShouldBeEmpty();
        _world.Bus.Messages(Queues.SegmentationRequests).ShouldAllBe(message => message.LockedUntil == DateTimeOffset.MinValue && message.DeliveryCount <= 2);
        await _world.DrainAsync();
        _world.Told().Count.ShouldBe(8);
    }

    [Fact]
    public async Task Given_ModelStumblesOnce_When_Consumed_Then_TheSliceCompletes()
    {
        var stumbles = 1;
        var scan = await _world.UploadAsync("a.png");

        await _world.DrainAsync(new FakeSegmenter { Before = _ => { if (stumbles-- > 0) throw new InvalidOperationException("once"); } });

        (await _world.StatusOfAsync(scan)).State.ShouldBe(ScanState.Completed);
    }

    private async Task ShouldHaveFailedAsync(ScanId scan, string why)
    {
        var status = await _world.StatusOfAsync(scan);
        status.State.ShouldBe(ScanState.Failed);
        var failure = status.Failure.ShouldNotBeNull();
        failure.Reason.ShouldBe(FailureReason.InferenceFailed);
        failure.Message.ShouldContain(why);
        var told = _world.Told().Single(told => told.GetProperty("subject").GetString() == scan.ToString());
        told.GetProperty("type").GetString().ShouldBe(EventTypes.SegmentationFailed);
        told.GetProperty("data").GetProperty("failure").GetProperty("reason").GetString().ShouldBe("inference-failed");
        var dead = _world.DeadLetters().ShouldHaveSingleItem();
        dead.DeadLetterReason.ShouldBe("inference-failed");
        dead.DeadLetterDescription.ShouldNotBeNull().ShouldContain(why);
        _world.Storage.WritesOf($"results/{scan}/metrics.json").ShouldBe(0);
    }
}
