using CtSeg.Local.Scaling;
using CtSeg.Recovery;

namespace CtSeg.Local.Tests.Scaling;

/// <summary>Against times worked out by hand.</summary>
public sealed class JobSimulationTests
{
    // Start 40 s, load 5 s, clean-up 7 s; a slice takes 2 s, a receipt 0.5 s, storing a result 0.25 s.
    private static readonly Hardware Machine = new("test", 2, 5, 1, 1, null);
    private static readonly ServiceTimes Times = new() { ReceiveSeconds = 0.5, StoreSeconds = 0.25 };

    [Fact]
    public void Given_ABurst_When_Run_Then_ExecutionsAndTimesAreThoseByHand()
    {
        // ceil(10 / 4) = 3 executions at second 0, ready at 45; the first two take 4 messages each, the third the last 2.
        var day = Run(Burst(10, at: 0), new JobSettings(4, 4, 20, 8));

        day.Executions.ShouldBe(3);
        day.MostExecutions.ShouldBe(3);
        day.DeepestQueue.ShouldBe(10);
        day.ResultAt.ShouldBe([47.75, 49.75, 51.75, 53.75, 47.75, 49.75, 51.75, 53.75, 47.75, 49.75], tolerance: 1e-9);
        // They end their work at 53.5, 53.5 and 49.5, wait 20 s and are gone 7 s later.
        day.BilledSeconds.ShouldBe(80.5 + 80.5 + 76.5, tolerance: 1e-9);
        day.WorkedSeconds.ShouldBe(20);
        day.EndsAt.ShouldBe(80.5, tolerance: 1e-9);
    }

    [Fact]
    public void Given_AMessageBetweenTwoLooks_When_Run_Then_TheNextLookStartsAnExecution()
    {
        // In the queue at 31; looked at at 60; ready at 105; done at 107.5, stored at 107.75.
        var day = Run([new QueuedSlice(30, 31, StudyKind.Routine)], new JobSettings(64, 16, 60, 4));

        day.ResultAt.ShouldBe([107.75], tolerance: 1e-9);
        day.LatenciesOf([new QueuedSlice(30, 31, StudyKind.Routine)])!.P95.ShouldBe(77.75, tolerance: 1e-9);
        day.Executions.ShouldBe(1);
    }

    [Fact]
    public void Given_MoreMessagesThanTheMostExecutions_When_Run_Then_OnlySoManyStart()
    {
        var day = Run(Burst(1000, at: 0), new JobSettings(1, 10, 20, 3));

        (day.Executions, day.MostExecutions).ShouldBe((3, 3));
        // 1,000 slices in batches of 10 over three: the one with 34 batches ends last. After a full batch the next is received beside the work.
        day.ResultAt.Max().ShouldBe(45 + 0.5 + 340 * 2 + 0.25, tolerance: 1e-6);
    }

    [Fact]
    public void Given_RunningExecutions_When_MoreMessagesCome_Then_TheyCount()
    {
        // At 30 there are 8 messages of which ceil(8 / 4) = 2 executions are wanted, and one still starts: one more.
        List<QueuedSlice> messages = [.. Burst(4, at: 0), .. Burst(4, at: 20)];

        var day = Run(messages, new JobSettings(4, 4, 20, 8));

        day.Executions.ShouldBe(2);
        // The first, ready at 45, takes four; the second is ready at 75. The first has ended those at 53.5 and takes the other four at once.
        day.ResultAt[7].ShouldBe(53.5 + 4 * 2 + 0.25, tolerance: 1e-9);
    }

    [Fact]
    public void Given_AnIdleExecution_When_AMessageComes_Then_ItIsTakenAtOnceAndTheIdleTimeBeginsAnew()
    {
        List<QueuedSlice> messages = [.. Burst(1, at: 0), new(60, 60, StudyKind.Routine)];

        var day = Run(messages, new JobSettings(64, 16, 20, 4));

        day.Executions.ShouldBe(1);
        day.ResultAt[1].ShouldBe(60 + 0.5 + 2 + 0.25, tolerance: 1e-9);
        day.EndsAt.ShouldBe(62.5 + 20 + 7, tolerance: 1e-9);
    }

    [Fact]
    public void Given_ATimeout_When_ItComes_Then_TheMessagesInHandGoToTheNextExecution()
    {
        // Ready at 45; of 100 slices those that end by 100 are done: 45.5 + 27 x 2 = 99.5. The next look at 120 starts another (ready at 165).
        var day = Run(Burst(100, at: 0), new JobSettings(100, 100, 20, 1) { TimeoutSeconds = 100 });

        day.ResultAt.Count(at => at <= 100).ShouldBe(27);
        day.ResultAt.Order().ElementAt(27).ShouldBe(165 + 0.5 + 2 + 0.25, tolerance: 1e-9);
        day.Redelivered.ShouldBe(73 + 46 + 19);
        day.DeadLettered.ShouldBe(0);
    }

    [Fact]
    public void Given_OneExecutionThatNeverEnds_When_SlicesComeAtRandom_Then_TheyWaitAsInAQueueOfOneServer()
    {
        // M/D/1: mean wait = load x service / (2 x (1 - load)), here 0.8 x 2 / 0.4 = 4 s.
        var random = new Random(7);
        var (messages, at) = (new List<QueuedSlice>(), 1000.0);
        for (var i = 0; i < 400_000; i++)
        {
            at -= Math.Log(1 - random.NextDouble()) / 0.4;
            messages.Add(new QueuedSlice(at, at, StudyKind.Routine));
        }
        // A first one, so that the execution is up before the others come.
        messages.Insert(0, new QueuedSlice(0, 0, StudyKind.Routine));

        var day = JobSimulation.Run(
            messages, Machine, new JobSettings(1, 1, 1e9, 1) { TimeoutSeconds = 1e9 }, new ServiceTimes { ReceiveSeconds = 0, StoreSeconds = 0 }, 1);

        var waits = messages.Zip(day.ResultAt).Skip(1).Select(pair => pair.Second - pair.First.QueuedAt - 2);
        waits.Average().ShouldBe(4.0, tolerance: 0.2);
    }

    [Theory]
    [InlineData(0, 0, 10)]
    [InlineData(0.2, 0, 10)]
    [InlineData(0, 12, 10)]
    [InlineData(0.3, 30, 10)]
    [InlineData(0, 0, 0.5)]
    [InlineData(0.3, 30, 0.5)]
    public void Given_FailuresKillsAndRepeats_When_Run_Then_EveryScanEndsOnceAndAfterItCame(double failed, double kills, double reconcileMinutes)
    {
        var pattern = new ArrivalPattern(3);
        var messages = new IntakePool().Take(pattern.Draw(5)).Messages;
        var settings = new JobSettings(16, 8, 30, 4) { ReconcileSeconds = 30, Reconcile = new ReconcilePolicy(TimeSpan.FromMinutes(reconcileMinutes), 3, 50) };

        var day = JobSimulation.Run(messages, Machine, settings, Times with { FailedAttempts = failed, KillsPerHour = kills }, 5);

        (day.ResultAt.Count(at => !double.IsNaN(at)) + day.DeadLettered + day.Reconciled.GivenUp).ShouldBe(messages.Count);
        messages.Zip(day.ResultAt).ShouldAllBe(pair => double.IsNaN(pair.Second) || pair.Second > pair.First.QueuedAt);
        day.WorkedSeconds.ShouldBe(day.Attempts * 2.0, tolerance: 1e-6);
        if (failed == 0 && kills == 0)
        {
            // Every message is taken once, for work or for a look at its scan.
            (day.Attempts + day.Reconciled.Spare, day.Redelivered, day.DeadLettered).ShouldBe((messages.Count + day.Reconciled.AskedAgain, 0, 0));
            // Two executions may have worked on one scan, if it was asked for again.
            (day.Attempts + day.Reconciled.GivenUp).ShouldBeInRange(messages.Count, messages.Count + (reconcileMinutes < 1 ? day.Reconciled.AskedAgain : 0));
        }
        else
            day.Redelivered.ShouldBeGreaterThan(0);
        if (reconcileMinutes < 1)
            day.Reconciled.AskedAgain.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Given_AMessageThatWaits_When_Run_Then_ItIsAskedForAgainAfterTwiceAsLongEachTimeAndARepeatCostsALook()
    {
        // Asked for at the first looks beyond 600, then 1,200, 2,400 and 4,800 s: at 900, 2,400 and 5,100; the fourth would be at 10,200. Ready at 7,200.
        var day = Late([new QueuedSlice(0, 0, StudyKind.Routine)], new JobSettings(64, 16, 20, 4), readyAt: 7200);

        day.Reconciled.ShouldBe(new Reconciled(AskedAgain: 3, GivenUp: 0, Spare: 3, SpareSeconds: 3 * 0.125));
        (day.Executions, day.Attempts, day.DeepestQueue).ShouldBe((1, 1, 4));
        day.ResultAt.ShouldBe([7202.75], tolerance: 1e-9);
        day.EndsAt.ShouldBe(7202.5 + 3 * 0.125 + 20 + 7, tolerance: 1e-9);
    }

    [Fact]
    public void Given_AMessageThatWaitsTooLong_When_Run_Then_ItsScanIsGivenUpAndItsMessagesAreOnlySettled()
    {
        // Asked for at 900, given up at 2,400.
        var settings = new JobSettings(64, 16, 20, 4) { Reconcile = JobSettings.Default.Reconcile with { MaxAttempts = 2 } };
        var day = Late([new QueuedSlice(0, 0, StudyKind.Routine)], settings, readyAt: 7200);

        day.Reconciled.ShouldBe(new Reconciled(AskedAgain: 1, GivenUp: 1, Spare: 2, SpareSeconds: 2 * 0.125));
        (day.Attempts, day.DeadLettered).ShouldBe((0, 0));
        day.ResultAt.ShouldAllBe(at => double.IsNaN(at));
        settings.GivenUpAfterSeconds.ShouldBe(600 + 1200);
    }

    [Fact]
    public void Given_MoreWaitingScansThanALookTakesOn_When_Run_Then_TheNextLooksTakeTheRest()
    {
        // 200 at 900 and at 1,200, and 100 at 1,500; ready at 1,600, done at 1,850, before the first are overdue again.
        var day = Late(Burst(500, at: 0), new JobSettings(1000, 16, 20, 1), readyAt: 1600, Machine with { SecondsPerSlice = 0.5 });

        day.Reconciled.ShouldBe(new Reconciled(AskedAgain: 500, GivenUp: 0, Spare: 500, SpareSeconds: 500 * 0.125));
        day.ResultAt.ShouldAllBe(at => at < 1870);
    }

    [Fact]
    public void Given_AScanThatWasBegun_When_ItsExecutionIsEnded_Then_TheTimeIsCountedFromTheBegin()
    {
        // Eight slices of 100 s from 45.5 on: the last is begun at 745.5 and broken off at 800, done at 955.5 by an execution that is ready at 855.
        // At 900 it is 900 s old (more than 600), and was begun 154.5 s before.
        var settings = new JobSettings(64, 1, 20, 1) { TimeoutSeconds = 800 };
        var day = JobSimulation.Run(Burst(8, at: 0), Machine with { SecondsPerSlice = 100 }, settings, Times, 1);

        day.ResultAt[7].ShouldBe(955.75, tolerance: 1e-9);
        (day.Redelivered, day.Reconciled.AskedAgain).ShouldBe((1, 0));
    }

    [Fact]
    public void Given_ALookThatReadsAScanThatIsNotOverdue_When_Run_Then_ThatCountsTowardsTheMost()
    {
        // At 900 the ninth was begun 54.5 s before and is not overdue, the tenth is; both are done before 1,200. A look at one reads that of the lower id.
        int AskedAgain(int most, int seed) => JobSimulation.Run(
            Burst(10, at: 0), Machine with { SecondsPerSlice = 100 },
            new JobSettings(64, 1, 20, 1) { Reconcile = JobSettings.Default.Reconcile with { MaxScans = most } }, Times, seed).Reconciled.AskedAgain;

        Enumerable.Range(1, 20).Select(seed => AskedAgain(1, seed)).Distinct().ShouldBe([0, 1], ignoreOrder: true);
        Enumerable.Range(1, 20).Select(seed => AskedAgain(2, seed)).Distinct().ShouldBe([1]);
    }

    [Fact]
    public void Given_EveryAttemptFails_When_Run_Then_EveryMessageIsDeadLetteredAfterTheMostDeliveries()
    {
        var day = JobSimulation.Run(Burst(5, at: 0), Machine, new JobSettings(64, 16, 60, 4), Times with { FailedAttempts = 1 }, 1);

        (day.DeadLettered, day.Attempts, day.Redelivered).ShouldBe((5, 50, 45));
    }

    [Fact]
    public void Given_ARequestThatIsDeadLettered_When_ItsScanWasAskedForAgain_Then_TheLaterRequestDecides()
    {
        // Begun at 5.5; five attempts of 2 s and pauses of 1, 2, 4 and 8 s end after 30. Asked for again at 26; given up would be after 66.
        var settings = new JobSettings(64, 16, 60, 1) { MaxDeliveries = 5, ReconcileSeconds = 1, Reconcile = new ReconcilePolicy(TimeSpan.FromSeconds(20), 2, 200) };
        var day = JobSimulation.Run(Burst(1, at: 0), Machine, settings, Times with { StartSeconds = 0, FailedAttempts = 1 }, 1);

        (day.Attempts, day.DeadLettered).ShouldBe((10, 1));
        day.Reconciled.ShouldBe(new Reconciled(AskedAgain: 1, GivenUp: 0, Spare: 0, SpareSeconds: 0));
    }

    [Fact]
    public void Given_MoreExecutions_When_Run_Then_NoShareOfTheResultsIsLater()
    {
        var messages = new IntakePool().Take((new ArrivalPattern(30) { Backlog = 2000 }).Draw(3)).Messages;

        Latencies[] byMost = [.. new[] { 1, 2, 4, 8, 16 }.Select(most => Run(messages, new JobSettings(16, 4, 60, most)).LatenciesOf(messages)!)];

        foreach (var (fewer, more) in byMost.Zip(byMost.Skip(1)))
        {
            more.P50.ShouldBeLessThanOrEqualTo(fewer.P50);
            more.P95.ShouldBeLessThanOrEqualTo(fewer.P95);
            more.Longest.ShouldBeLessThanOrEqualTo(fewer.Longest);
        }
    }

    [Fact]
    public void Given_TheSameSeed_When_RunTwice_Then_TheSameToTheLastBit()
    {
        var times = Times with { FailedAttempts = 0.05, KillsPerHour = 2 };
        DayOutcome Once(int seed) => JobSimulation.Run(new IntakePool().Take(new ArrivalPattern(5).Draw(seed)).Messages, Machine, JobSettings.Default, times, seed);

        Once(1).ResultAt.ShouldBe(Once(1).ResultAt);
        Once(2).ResultAt.Count.ShouldNotBe(Once(1).ResultAt.Count);
    }

    [Fact]
    public void Given_NoMessage_When_Run_Then_NothingStarts() =>
        Run([], JobSettings.Default).Executions.ShouldBe(0);

    /// <summary>With an execution that takes messages only from <paramref name="readyAt"/> on.</summary>
    private static DayOutcome Late(IReadOnlyList<QueuedSlice> messages, JobSettings settings, double readyAt, Hardware? machine = null) =>
        JobSimulation.Run(messages, machine ?? Machine, settings, Waits(readyAt), 1);

    private static ServiceTimes Waits(double readyAt) => Times with { StartSeconds = readyAt - Machine.LoadSeconds, EndedSeconds = 0.125 };

    private static DayOutcome Run(IReadOnlyList<QueuedSlice> messages, JobSettings settings) => JobSimulation.Run(messages, Machine, settings, Times, 1);

    private static QueuedSlice[] Burst(int count, double at) => [.. Enumerable.Repeat(new QueuedSlice(at, at, StudyKind.Routine), count)];
}
