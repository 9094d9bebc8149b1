using System.Diagnostics;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;

namespace CtSeg.EndToEnd.Tests.Recovery;

[Collection(SerialCollection.Name)]
[Trait("Category", "Slow")]
public sealed class DeadLetterTests
{
    // Of Azure's queues here and of the emulator; what is sent before it ends is dropped where its id is known.
    private static readonly TimeSpan DuplicateDetection = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(8);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_AThousandDeadRequestsAndARunningJob_When_TheReplayIsKilledAndRepeated_Then_EachScanHasOneResultAndOneEvent()
    {
        const int count = 1000;
        await using var stack = await StartAsync();
        var clock = Stopwatch.StartNew();
        var scans = await DeadScans.LeaveAsync(stack, count, "MaxDeliveryCountExceeded");
        await FailedAsync(stack, count);
        (await ListAsync(stack)).ShouldSatisfyAllConditions(
            list => list.GetProperty("count").GetInt32().ShouldBe(count),
            list => list.GetProperty("groups")[0].GetProperty("cause").GetString().ShouldBe("max-delivery-count-exceeded"));
        stack.Local.StartJob();

        using (var killed = CommandRun.OfJob(stack.Local, "dead-letters", "replay"))
        {
            await killed.SeesAsync($"300 of {count}", Deadline);
            killed.Kill();
            await killed.EndAsync();
        }
        var left = (await ListAsync(stack)).GetProperty("count").GetInt32();
        left.ShouldBeInRange(1, count - 200, "the replay was killed too late or too early to prove anything");
        using (var repeated = CommandRun.OfJob(stack.Local, "dead-letters", "replay"))
            (await repeated.EndAsync(Deadline)).ShouldBe(0, repeated.Said());
        clock.Elapsed.ShouldBeLessThan(DuplicateDetection, "the replay came too late to prove anything");

        await CompletedAsync(stack, count);
        await stack.DrainAndExpectNoRequestLeftAsync();
        foreach (var scan in scans)
        {
            var status = (await stack.Statuses.FindAsync(scan, Cancel)).ShouldNotBeNull().Status;
            (status.State, status.Attempt, status.Replay).ShouldBe((ScanState.Completed, 2, new ScanReplay(1, 2, $"{scan}-1")));
            status.Timeline.Count(entry => entry.State == ScanState.Completed).ShouldBe(1);
        }
        (await stack.ResultsAsync()).Keys.Order(StringComparer.Ordinal).ShouldBe(
            scans.SelectMany(scan => new[] { BlobPaths.Mask(scan), BlobPaths.Metrics(scan), BlobPaths.Overlay(scan) }).Order(StringComparer.Ordinal));
        var events = await EventsAsync(stack);
        events.Count(one => one.Type == EventTypes.SegmentationFailed).ShouldBe(count);
        events.Where(one => one.Type == EventTypes.SegmentationCompleted).Select(one => one.Id).Order(StringComparer.Ordinal)
            .ShouldBe(scans.Select(scan => ScanEvents.IdOf(scan, 2)).Order(StringComparer.Ordinal));
        (await ListAsync(stack)).GetProperty("count").GetInt32().ShouldBe(0);
        using var nothing = CommandRun.OfJob(stack.Local, "dead-letters", "replay");
        (await nothing.EndAsync()).ShouldBe(0);
        nothing.Said().ShouldBe("There are no such dead letters.");
    }

    private static Task<RunningStack> StartAsync() => RunningStack.StartAsync(options => options with
    {
        StartJob = false,
        Batch = 32,
        LockDuration = TimeSpan.FromSeconds(30),
        // Nobody but the replay asks again here.
        Settings = new Dictionary<string, string> { [Settings.ReconcileAfter] = "10:00:00" },
    });

    /// <summary>By the functions, from the dead-letter queue.</summary>
    private static Task FailedAsync(RunningStack stack, int count) => Eventually.HoldsAsync(
        async () => await CountAsync(stack, ScanState.Failed) == count, () => $"Not all dead letters were recorded; logs in {stack.Local.LogFolder}", Deadline);

    private static Task CompletedAsync(RunningStack stack, int count) => Eventually.HoldsAsync(
        async () => await CountAsync(stack, ScanState.Completed) == count, () => $"Not all scans completed; logs in {stack.Local.LogFolder}", Deadline);

    private static async Task<int> CountAsync(RunningStack stack, ScanState state) =>
        (await stack.ListAsync()).Values.Count(scan => scan.State == state);

    private static async Task<JsonElement> ListAsync(RunningStack stack)
    {
        using var list = CommandRun.OfJob(stack.Local, "dead-letters", "list", "--json");
        (await list.EndAsync()).ShouldBe(0, list.Said());
        return JsonSerializer.Deserialize<JsonElement>(list.Said());
    }

    private static async Task<IReadOnlyList<(string Type, string Id)>> EventsAsync(RunningStack stack)
    {
        await using var client = stack.OpenServiceBus();
        await using var receiver = client.CreateReceiver(Queues.SegmentationCompleted);
        var events = new List<(string, string)>();
        for (long next = 0; await receiver.PeekAsync(250, next, Cancel) is { Count: > 0 } page; next = page[^1].SequenceNumber + 1)
        {
            foreach (var message in page)
            {
                var json = JsonSerializer.Deserialize<JsonElement>(message.Body.Span);
                events.Add((json.GetProperty("type").GetString()!, json.GetProperty("id").GetString()!));
            }
        }
        return events;
    }
}
