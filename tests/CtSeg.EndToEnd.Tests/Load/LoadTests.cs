using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;

namespace CtSeg.EndToEnd.Tests.Load;

/// <summary>Long runs; only with <c>./ctseg test --all</c>.</summary>
[Collection(SerialCollection.Name)]
[Trait("Category", "Slow")]
public sealed class LoadTests
{
    private const int Kills = 20;
    private const int SlicesPerKill = 3;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Given_JobAndHostKilledTwentyTimes_When_SixtySlicesAreUnderWay_Then_EachEndsOnce()
    {
        await using var stack = await RunningStack.StartAsync(options => options with
        {
            MaxDeliveryCount = 100,
            MaxCrashes = 100,
            Settings = new Dictionary<string, string>
            {
                [Settings.ReconcileSchedule] = "*/5 * * * * *",
                [Settings.ReconcileAfter] = "00:00:20",
                [Settings.MaxAttempts] = "100",
            },
        });
        var slices = TestSlices.Phantoms("kills", Kills * SlicesPerKill);
        var random = new Random(20260101);
        // Slices keep coming, so that every kill meets work.
        foreach (var some in slices.Chunk(SlicesPerKill))
        {
            await stack.UploadAsync(some.ToDictionary());
            var supervisor = random.Next(3) == 0 ? stack.Local.Host : stack.Local.Job;
            var victim = supervisor.Current;
            // No state to wait for: the moment of a kill is to be anywhere, also between the steps that show.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500, 5000)), TimeProvider.System, TestContext.Current.CancellationToken);
            victim.Kill();
            await victim.Exited;
            await Eventually.HoldsAsync(() => Task.FromResult(supervisor.Current != victim), () => $"{victim.Command.Name} was not started again.");
        }

        var ended = await stack.EndOfAsync(slices.Keys, Deadline);

        ended.Values.ToList().ForEach(status => status.ShouldHaveCompletedOnce());
        (await stack.ResultsAsync()).Keys.ShouldBeTheResultsOf(ended.Values);
        (stack.Local.Job.Restarts + stack.Local.Host.Restarts).ShouldBe(Kills);
    }

    [Fact]
    public async Task Given_ThreeHundredSlices_When_AllAreReplayed_Then_NothingIsWrittenAgain()
    {
        await using var stack = await RunningStack.StartAsync(options => options with { Batch = 32 });
        var slices = TestSlices.Phantoms("load", 300);
        await stack.UploadAsync(slices);
        var ended = await stack.EndOfAsync(slices.Keys, Deadline);
        ended.Values.ToList().ForEach(status => status.ShouldHaveCompletedOnce());
        var before = await stack.ResultsAsync();
        before.Keys.ShouldBeTheResultsOf(ended.Values);

        await stack.ReplayAsync(ended.Values, attempt: 2);
        await stack.UploadAsync("load/last.png", TestSlices.Phantom(5001));

        var last = await stack.EndOfAsync("load/last.png", Deadline);
        await stack.DrainAndExpectNoRequestLeftAsync();
        (await stack.ResultsAsync()).Where(blob => !blob.Key.StartsWith(last.ScanId.ToString(), StringComparison.Ordinal)).ToDictionary()
            .ShouldBe(before, ignoreOrder: true);
        (await stack.EndOfAsync(slices.Keys)).ShouldAllBe(scan => scan.Value.Timeline.SequenceEqual(ended[scan.Key].Timeline));
    }
}
