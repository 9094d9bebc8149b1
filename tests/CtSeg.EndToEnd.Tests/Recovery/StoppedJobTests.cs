using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Local.Processes;

namespace CtSeg.EndToEnd.Tests.Recovery;

[Collection(SerialCollection.Name)]
public sealed class StoppedJobTests : IAsyncLifetime
{
    // What a container gets between SIGTERM and SIGKILL.
    private static readonly TimeSpan TimeToDrain = TimeSpan.FromSeconds(20);
    // System.CommandLine ends a process 2 s after SIGTERM unless told otherwise.
    private static readonly TimeSpan LongerThanByDefault = TimeSpan.FromSeconds(3);
    private RunningStack _stack = null!;

    public async ValueTask InitializeAsync() => _stack = await RunningStack.StartAsync();

    public ValueTask DisposeAsync() => _stack.DisposeAsync();

    [Fact]
    public async Task Given_AJobInMidBatchAndASlowServiceBus_When_Terminated_Then_ItDrainsAndTheNextOneDoesTheRest()
    {
        var slices = TestSlices.Phantoms("job-stopped", 24);
        await _stack.UploadAsync(slices);
        var before = await Eventually.SeeAsync(
            async () => await _stack.ResultsAsync() is { Count: >= 3 } some ? some : null, () => $"No result came; logs in {_stack.Local.LogFolder}");
        var stopped = _stack.Local.Job.Current;

        // Holds the job up: no message can be completed or given back.
        using (new Suspension(_stack.Local.Emulator.Id))
        {
            Signals.Terminate(stopped.Id);
            await Task.WhenAny(stopped.Exited, Task.Delay(LongerThanByDefault, TimeProvider.System, TestContext.Current.CancellationToken));
        }

        (await stopped.Exited.WaitAsync(TimeToDrain - LongerThanByDefault, TimeProvider.System, TestContext.Current.CancellationToken)).ShouldBe(0);
        (await _stack.ListAsync()).Values.ShouldContain(scan => scan.State != ScanState.Completed, "the job was stopped too late to prove anything");
        var ended = await _stack.EndOfAsync(slices.Keys);
        ended.Values.ToList().ForEach(status => status.ShouldHaveCompletedOnce());
        _stack.Local.Job.Restarts.ShouldBe(1);
        await _stack.ExpectEveryResultToStayAsync(before, ended.Values);
    }
}
