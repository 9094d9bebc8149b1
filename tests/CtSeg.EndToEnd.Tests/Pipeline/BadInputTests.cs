using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;

namespace CtSeg.EndToEnd.Tests.Pipeline;

[Collection(PipelineCollection.Name)]
public sealed class BadInputTests(PipelineFixture fixture)
{
    private readonly RunningStack _stack = fixture.Stack;

    [Fact]
    public async Task Given_BadFilesAndAGoodOne_When_Uploaded_Then_EachBadOneFailsWithItsReasonAndTheGoodOneCompletes()
    {
        var good = TestSlices.Phantom(2001);
        var corrupt = good.ToArray();
        for (var index = corrupt.Length / 2; index < corrupt.Length / 2 + 40; index++)
            corrupt[index] ^= 0x5A;
        var slices = new Dictionary<string, (BinaryData Content, FailureReason Reason)>
        {
            ["bad/corrupt.png"] = (new BinaryData(corrupt), FailureReason.Corrupt),
            ["bad/truncated.png"] = (new BinaryData(good.ToArray()[..(good.ToArray().Length / 2)]), FailureReason.Truncated),
            ["bad/empty.png"] = (BinaryData.Empty, FailureReason.Empty),
            ["bad/renamed.png"] = (new BinaryData("This is a letter that somebody renamed."), FailureReason.UnsupportedKind),
            ["bad/oversized.png"] = (new BinaryData(new byte[PipelineFixture.MaxUploadBytes + 1]), FailureReason.TooLarge),
        };
        await _stack.UploadAsync(slices.ToDictionary(slice => slice.Key, slice => slice.Value.Content));
        await _stack.UploadAsync("bad/beside.png", good);

        var ended = await _stack.EndOfAsync([.. slices.Keys, "bad/beside.png"]);

        foreach (var (name, (_, reason)) in slices)
            ended[name].ShouldHaveFailedOnceWith(reason);
        ended["bad/beside.png"].ShouldHaveCompletedOnce();
        var preprocessed = new List<string>();
        await foreach (var blob in _stack.Container(Containers.Preprocessed).GetBlobsAsync(cancellationToken: TestContext.Current.CancellationToken))
            preprocessed.Add(blob.Name);
        foreach (var name in slices.Keys)
            preprocessed.ShouldNotContain(blob => blob.StartsWith(ended[name].ScanId.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Given_AnImageThatCannotBeRead_When_ItIsAskedFor_Then_TheScanFailsAndTheNextCompletes()
    {
        await _stack.UploadAsync("broken/a.png", TestSlices.Phantom(2002));
        var whole = await _stack.EndOfAsync("broken/a.png");
        var manifest = await _stack.ReadAsync(Containers.Preprocessed, BlobPaths.Manifest(whole.ScanId));
        var scan = ScanId.FromContent("broken/b.png", "another"u8);
        var status = ScanStatus.Received(scan, "broken/b.png", whole.LastChange).Requested(attempt: 1, whole.LastChange);
        (await _stack.Statuses.TryCreateAsync(status, TestContext.Current.CancellationToken)).ShouldNotBeNull();
        var preprocessed = _stack.Container(Containers.Preprocessed);
        await preprocessed.UploadBlobAsync(BlobPaths.PreprocessedImage(scan), new BinaryData("no picture"), TestContext.Current.CancellationToken);
        await preprocessed.UploadBlobAsync(
            BlobPaths.Manifest(scan), new BinaryData(manifest.ToString().Replace(whole.ScanId.ToString(), scan.ToString(), StringComparison.Ordinal)), TestContext.Current.CancellationToken);

        await _stack.ReplayAsync([status], attempt: 1);
        await _stack.UploadAsync("broken/c.png", TestSlices.Phantom(2003));

        var ended = await _stack.EndOfAsync(["broken/b.png", "broken/c.png"]);
        ended["broken/b.png"].State.ShouldBe(ScanState.Failed);
        ended["broken/b.png"].Timeline.Count(entry => entry.State == ScanState.Failed).ShouldBe(1);
        ended["broken/b.png"].Failure!.Reason.ShouldBeOneOf(FailureReason.InferenceFailed, FailureReason.DeadLettered);
        ended["broken/c.png"].ShouldHaveCompletedOnce();
    }

    [Fact]
    public async Task Given_PreprocessingThatFailsEveryTime_When_ASliceIsUploaded_Then_ItEndsPoisoned()
    {
        var preprocessed = _stack.Container(Containers.Preprocessed);
        await preprocessed.DeleteAsync(cancellationToken: TestContext.Current.CancellationToken);
        try
        {
            await _stack.UploadAsync("poison/a.png", TestSlices.Phantom(2004));

            (await _stack.EndOfAsync("poison/a.png")).ShouldHaveFailedOnceWith(FailureReason.Poisoned);
        }
        finally
        {
            await preprocessed.CreateAsync(cancellationToken: CancellationToken.None);
        }
        await _stack.UploadAsync("poison/b.png", TestSlices.Phantom(2005));
        (await _stack.EndOfAsync("poison/b.png")).ShouldHaveCompletedOnce();
    }
}
