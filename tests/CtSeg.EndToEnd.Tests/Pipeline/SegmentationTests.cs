using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;

namespace CtSeg.EndToEnd.Tests.Pipeline;

[Collection(PipelineCollection.Name)]
public sealed class SegmentationTests(PipelineFixture fixture)
{
    private readonly RunningStack _stack = fixture.Stack;

    [Theory]
    [InlineData("grey8.png", 29, 23)]
    [InlineData("grey16.png", 29, 23)]
    [InlineData("rgb8.png", 29, 23)]
    [InlineData("rgb-progressive.jpg", 61, 45)]
    [InlineData("t-grey8-zip.tif", 29, 23)]
    [InlineData("t-grey16-lzw.tif", 29, 23)]
    public async Task Given_ASliceOfAnyKind_When_Uploaded_Then_TheResultHasItsSize(string file, int width, int height)
    {
        var name = $"kinds/{file}";
        await _stack.UploadAsync(name, TestSlices.Golden(file));

        var status = await _stack.EndOfAsync(name);

        status.ShouldHaveCompletedOnce();
        status.Timeline.Select(entry => entry.State).ShouldBe([ScanState.Received, ScanState.Preprocessed, ScanState.Segmenting, ScanState.Completed]);
        foreach (var picture in new[] { BlobPaths.Mask(status.ScanId), BlobPaths.Overlay(status.ScanId) })
            SizeOf(await _stack.ReadAsync(Containers.Results, picture)).ShouldBe((width, height));
        var metrics = await _stack.MetricsOfAsync(status.ScanId);
        (metrics.Width, metrics.Height).ShouldBe((width, height));
        metrics.BlobName.ShouldBe(name);
        metrics.Lesions.Count.ShouldBe(3);
        status.Result!.Lesions.ShouldBe(metrics.Lesions);
    }

    [Fact]
    public async Task Given_TheSameSliceTwice_When_Uploaded_Then_ItIsOneResult()
    {
        var slice = TestSlices.Phantom(1001);
        await _stack.UploadAsync("twice/a.png", slice);
        var first = await _stack.EndOfAsync("twice/a.png");
        var before = await _stack.ResultsAsync();

        await _stack.UploadAsync("twice/a.png", slice);
        // Whoever comes later has seen the second upload go by.
        await _stack.UploadAsync("twice/later.png", TestSlices.Phantom(1002));
        var later = await _stack.EndOfAsync("twice/later.png");

        var second = await _stack.EndOfAsync("twice/a.png");
        second.ScanId.ShouldBe(first.ScanId);
        second.Timeline.ShouldBe(first.Timeline);
        var after = await _stack.ResultsAsync();
        after.Where(blob => !blob.Key.StartsWith(later.ScanId.ToString(), StringComparison.Ordinal)).ToDictionary().ShouldBe(before, ignoreOrder: true);
    }

    [Fact]
    public async Task Given_TheSameContentUnderTwoNames_When_Uploaded_Then_TheyAreTwoScans()
    {
        var slice = TestSlices.Phantom(1003);
        await _stack.UploadAsync(new Dictionary<string, BinaryData> { ["names/a.png"] = slice, ["names/b ä#1.png"] = slice });

        var ended = await _stack.EndOfAsync(["names/a.png", "names/b ä#1.png"]);

        ended["names/a.png"].ScanId.ShouldNotBe(ended["names/b ä#1.png"].ScanId);
        ended.Values.ShouldAllBe(status => status.State == ScanState.Completed);
    }

    [Fact]
    public async Task Given_ACompletedScan_When_ItsEventIsReceived_Then_ItNamesTheResult()
    {
        await using var client = _stack.OpenServiceBus();
        await using var receiver = client.CreateReceiver(Queues.SegmentationCompleted);
        await _stack.UploadAsync("events/a.png", TestSlices.Phantom(1004));
        var status = await _stack.EndOfAsync("events/a.png");

        var id = ScanEvents.IdOf(status.ScanId, status.Attempt);
        await Eventually.HoldsAsync(
            async () =>
            {
                var messages = await receiver.ReceiveAsync(50, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
                foreach (var message in messages)
                    await receiver.CompleteAsync(message, TestContext.Current.CancellationToken);
                return messages.Any(message => message.MessageId == id && message.Body.ToArray().AsSpan().IndexOf("ctseg.segmentation.completed.v1"u8) > 0);
            },
            () => $"No completed event {id} came.");
    }

    // PNG: width and height stand at bytes 16 and 20, big-endian (RFC 2083, 4.1.1).
    private static (int Width, int Height) SizeOf(BinaryData png)
    {
        var bytes = png.ToMemory().Span;
        return (System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes[16..]), System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes[20..]));
    }
}
