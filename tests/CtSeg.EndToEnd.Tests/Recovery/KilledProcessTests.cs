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
        await _stack.ExpectEveryResultToStayAsync(before, ended.Values);
    }

    [Fact]
    public async Task Given_AHostAtWork_When_Killed_Then_EverySliceEndsOnce()
    {
        var first = TestSlices.Phantoms("host-killed/first", 4);
        var rest = TestSlices.Phantoms("host-killed/rest", 40);
        await _stack.UploadAsync(first);
        var before = await Eventually.SeeAsync(
            async () => await _stack.ResultsAsync() is { Count: >= 3 } some ? some : null, () => $"No result came; logs in {_stack.Local.LogFolder}");
        var uploading = _stack.UploadAsync(rest);
        await Eventually.HoldsAsync(async () => (await _stack.ListAsync()).Count > first.Count, () => $"No status came; logs in {_stack.Local.LogFolder}");
        var killed = _stack.Local.Host.Current;

        killed.Kill();

        await killed.Exited;
        (await _stack.ListAsync()).Count.ShouldBeLessThan(first.Count + rest.Count, "the host was killed too late to prove anything");
        await uploading;
        var ended = await _stack.EndOfAsync([.. first.Keys, .. rest.Keys]);
        ended.Values.ToList().ForEach(status => status.ShouldHaveCompletedOnce());
        _stack.Local.Host.Restarts.ShouldBe(1);
        await _stack.ExpectEveryResultToStayAsync(before, ended.Values);
    }
}
