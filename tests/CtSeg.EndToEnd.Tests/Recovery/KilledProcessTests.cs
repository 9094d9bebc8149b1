using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;

namespace CtSeg.EndToEnd.Tests.Recovery;

[Collection(SerialCollection.Name)]
public sealed class KilledProcessTests : IAsyncLifetime
{
    private RunningStack _stack = null!;

    public async ValueTask InitializeAsync() => _stack = await RunningStack.StartAsync();

    public ValueTask DisposeAsync() => _stack.DisposeAsync();

    [Fact]
    public async Task Given_AJobInMidBatch_When_Killed_Then_NothingIsLostAndNothingIsWrittenTwice()
    {
        var slices = TestSlices.Phantoms("job-killed", 24);
        await _stack.UploadAsync(slices);
        var before = await Eventually.SeeAsync(
            async () => await _stack.ResultsAsync() is { Count: >= 3 } some ? some : null, () => $"No result came; logs in {_stack.Local.LogFolder}");
        var killed = _stack.Local.Job.Current;

        killed.Kill();

        await killed.Exited;
        (await _stack.ListAsync()).Values.ShouldContain(scan => scan.State != ScanState.Completed, "the job was killed too late to prove anything");
        var ended = await _stack.EndOfAsync(slices.Keys);
        ended.Values.ToList().ForEach(status => status.ShouldHaveCompletedOnce());
        _stack.Local.Job.Restarts.ShouldBe(1);
        var after = await _stack.ResultsAsync();
        after.Keys.ShouldBeTheResultsOf(ended.Values);
        foreach (var (blob, etag) in before.Where(blob => BelongsToWholeResult(blob.Key, before)))
            after[blob].ShouldBe(etag);
        await _stack.DrainAndExpectNoRequestLeftAsync();
        (await _stack.ResultsAsync()).ShouldBe(after, ignoreOrder: true);
    }

    [Fact]
    public async Task Given_AHostAtWork_When_Killed_Then_EverySliceEndsOnce()
    {
        var slices = TestSlices.Phantoms("host-killed", 24);
        var uploading = _stack.UploadAsync(slices);
        await Eventually.HoldsAsync(async () => (await _stack.ListAsync()).Count >= 3, () => $"No status came; logs in {_stack.Local.LogFolder}");
        var killed = _stack.Local.Host.Current;

        killed.Kill();

        await killed.Exited;
        await uploading;
        var ended = await _stack.EndOfAsync(slices.Keys);
        ended.Values.ToList().ForEach(status => status.ShouldHaveCompletedOnce());
        (await _stack.ResultsAsync()).Keys.ShouldBeTheResultsOf(ended.Values);
        _stack.Local.Host.Restarts.ShouldBe(1);
        await _stack.DrainAndExpectNoRequestLeftAsync();
    }

    // The metrics are written last: with them the result is whole and must stay as it is.
    private static bool BelongsToWholeResult(string blob, IReadOnlyDictionary<string, string> results) =>
        results.ContainsKey(BlobPaths.Metrics(ScanId.Parse(blob.Split('/')[0])));
}
