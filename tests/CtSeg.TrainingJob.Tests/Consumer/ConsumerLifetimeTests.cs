using System.Collections.Concurrent;
using CtSeg.Contracts;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.TrainingJob.Tests.Consumer;

public sealed class ConsumerLifetimeTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Given_NoWork_When_IdleTimeIsOver_Then_EndsAndNotBefore()
    {
        var world = new ConsumerWorld(_time) { Limits = new ConsumerLimits { Idle = TimeSpan.FromSeconds(60), MaxWait = TimeSpan.FromSeconds(20) } };
        var run = world.StartAsync(new FakeSegmenter(), new Effects(), TestContext.Current.CancellationToken);

        for (var second = 0; second < 59; second++)
            _time.Advance(TimeSpan.FromSeconds(1));
        run.IsCompleted.ShouldBeFalse();

        (await AdvanceUntilDoneAsync(run, TimeSpan.FromSeconds(20))).ShouldBe(ConsumerEnd.Idle);
    }

    [Fact]
    public async Task Given_LongWork_When_LocksWouldEnd_Then_TheyAreRenewedForWaitingMessagesToo()
    {
        var bus = new FakeServiceBus(_time) { LockDuration = TimeSpan.FromSeconds(30) };
        var world = new ConsumerWorld(_time, bus);
        using var gate = new ManualResetEventSlim();
        var segmenter = new FakeSegmenter { Before = _ => gate.Wait(TestContext.Current.CancellationToken) };
        for (var i = 0; i < 6; i++)
            await world.UploadAsync($"{i}.png", (byte)(40 * i));
        using var stop = new CancellationTokenSource();
        var run = world.StartAsync(segmenter, new Effects { After = (_, _) => bus.Changed() }, stop.Token);
        await bus.UntilAsync(() => segmenter.Calls == 1);

        // Ten minutes, twenty lock times.
        for (var round = 1; round <= 40; round++)
        {
            _time.Advance(TimeSpan.FromSeconds(15));
            await bus.UntilAsync(() => bus.Renewals >= 6 * round);
        }
        bus.Renewals.ShouldBe(240);
        gate.Set();
        await bus.UntilAsync(() => bus.Messages(Queues.SegmentationRequests).Count == 0);
        await stop.CancelAsync();
        await run;

        world.Told().Count.ShouldBe(6);
    }

    [Fact]
    public async Task Given_LockIsLostDuringWork_When_WorkEnds_Then_MessageIsNotSettledAndResultStands()
    {
        var bus = new FakeServiceBus(_time) { LockDuration = TimeSpan.FromSeconds(30) };
        var world = new ConsumerWorld(_time, bus);
        using var gate = new ManualResetEventSlim();
        var segmenter = new FakeSegmenter { Before = _ => gate.Wait(TestContext.Current.CancellationToken) };
        var scan = await world.UploadAsync("a.png");
        using var stop = new CancellationTokenSource();
        var effects = new Effects { After = (_, _) => bus.Changed() };
        var run = world.StartAsync(segmenter, effects, stop.Token);
        await bus.UntilAsync(() => segmenter.Calls == 1);

        await stop.CancelAsync();
        bus.ExpireLocks();
        // The next renewal learns of it.
        _time.Advance(TimeSpan.FromSeconds(15));
        gate.Set();
        await run.WaitAsync(Deadline, TimeProvider.System, TestContext.Current.CancellationToken);

        effects.Done.ShouldNotContain(step => step.StartsWith("COMPLETE", StringComparison.Ordinal) || step.StartsWith("ABANDON", StringComparison.Ordinal));
        (await world.StatusOfAsync(scan)).State.ShouldBe(ScanState.Completed);
        await world.DrainAsync();
        world.Told().ShouldHaveSingleItem();
        world.Storage.WritesOf($"results/{scan}/metrics.json").ShouldBe(1);
    }

    [Fact]
    public async Task Given_SliceInTheModel_When_ToldToStop_Then_ItIsFinishedAndTheRestGivenBack()
    {
        var world = new ConsumerWorld(_time);
        using var gate = new ManualResetEventSlim();
        var segmenter = new FakeSegmenter { Before = _ => gate.Wait(TestContext.Current.CancellationToken) };
        for (var i = 0; i < 10; i++)
            await world.UploadAsync($"{i}.png", (byte)i);
        using var stop = new CancellationTokenSource();
        var effects = new Effects { After = (_, _) => world.Bus.Changed() };
        var run = world.StartAsync(segmenter, effects, stop.Token);
        await world.Bus.UntilAsync(() => segmenter.Calls == 1);

        await stop.CancelAsync();
        gate.Set();

        (await run.WaitAsync(Deadline, TimeProvider.System, TestContext.Current.CancellationToken)).ShouldBe(ConsumerEnd.Stopped);
        segmenter.Calls.ShouldBe(1);
        world.Told().Count.ShouldBe(1);
        effects.Done.Count(step => step.StartsWith("COMPLETE", StringComparison.Ordinal)).ShouldBe(1);
        effects.Done.Count(step => step.StartsWith("ABANDON", StringComparison.Ordinal)).ShouldBe(9);
        await world.DrainAsync();
        world.Told().Count.ShouldBe(10);
    }

    [Fact]
    public async Task Given_ModelDoesNotReturn_When_ToldToStop_Then_EndsAtTheDrainTime()
    {
        var drain = TimeSpan.FromSeconds(18);
        var time = new TimeOfTimers();
        var world = new ConsumerWorld(time) { Limits = new ConsumerLimits { Drain = drain } };
        using var gate = new ManualResetEventSlim();
        var segmenter = new FakeSegmenter { Before = _ => gate.Wait(TestContext.Current.CancellationToken) };
        await world.UploadAsync("a.png");
        using var stop = new CancellationTokenSource();
        var run = world.StartAsync(segmenter, new Effects(), stop.Token);
        await world.Bus.UntilAsync(() => segmenter.Calls == 1);

        await stop.CancelAsync();
        await world.Bus.UntilAsync(() => time.Set.Contains(drain));
        time.Advance(drain - TimeSpan.FromMilliseconds(1));
        run.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromMilliseconds(1));

        (await run.WaitAsync(Deadline, TimeProvider.System, TestContext.Current.CancellationToken)).ShouldBe(ConsumerEnd.Stopped);
        world.Bus.Messages(Queues.SegmentationRequests).ShouldHaveSingleItem();
        gate.Set();
    }

    /// <summary>Lets time go on, step by step, each time what was woken has run.</summary>
    private async Task<ConsumerEnd> AdvanceUntilDoneAsync(Task<ConsumerEnd> run, TimeSpan step)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!run.IsCompleted)
        {
            deadline.Token.ThrowIfCancellationRequested();
            _time.Advance(step);
            await Task.WhenAny(run, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, deadline.Token));
        }
        return await run;
    }

    /// <summary>Knows what its timers were set to, so that time is let go on only once somebody waits for it.</summary>
    private sealed class TimeOfTimers : FakeTimeProvider
    {
        public ConcurrentBag<TimeSpan> Set { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Set.Add(dueTime);
            return timer;
        }
    }
}
