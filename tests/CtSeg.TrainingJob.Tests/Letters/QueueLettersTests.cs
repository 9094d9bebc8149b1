using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.ServiceBus;
using CtSeg.TrainingJob.Letters;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Letters;

public sealed class QueueLettersTests
{
    // More than are received at once.
    private const int Foreign = 150;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_ManyLettersThatCannotBeSentBeforeGoodOnes_When_Replayed_Then_TheGoodOnesAreSentAndTheOthersMayBeTakenAtOnce()
    {
        var world = new LetterWorld();
        await LeaveForeignAsync(world);
        var scans = await world.KilledScansAsync(3);

        var ends = await world.ReplayAsync();

        ends.Where(end => end.Outcome.Decision == ReplayDecision.Send).Select(end => end.Letter.Scan).ShouldBe(scans.Cast<ScanId?>(), ignoreOrder: true);
        ends.Count(end => end.Outcome.Decision == ReplayDecision.Refused).ShouldBe(Foreign);
        world.Consumer.DeadLetters().Count.ShouldBe(Foreign);
        world.Consumer.DeadLetters().ShouldAllBe(entry => entry.LockedUntil <= world.Consumer.Time.GetUtcNow());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Given_ALetterThatCannotBeGivenBack_When_Replayed_Then_TheOthersAreSent(bool isLockLost)
    {
        var world = new LetterWorld();
        world.Bus.Put(Queues.SegmentationRequests, "hello"u8.ToArray(), "x");
        await world.KilledScansAsync(2);
        var effects = new Effects
        {
            Before = (_, step) =>
            {
                if (step.StartsWith("ABANDON", StringComparison.Ordinal))
                    throw isLockLost ? new MessageLockLostException() : new ServiceBusException("away", isTransient: true);
            },
        };

        var ends = await world.ReplayAsync(effects);

        ends.Count(end => end.Outcome.Decision == ReplayDecision.Send).ShouldBe(2);
        world.Consumer.DeadLetters().ShouldHaveSingleItem().MessageId.ShouldBe("x");
    }

    [Fact]
    public async Task Given_LocksThatRunOutAtOnce_When_Replayed_Then_ItEndsAndSaysWhatItDidNotReach()
    {
        var world = new LetterWorld(TimeSpan.FromTicks(1));
        await LeaveForeignAsync(world);
        await world.KilledScansAsync(1);
        var told = new List<FoundLetter>();
        var box = world.Box();

        var unreached = await box.ReplayAsync(
            await box.FindAsync(new LetterFilter(null, null, null), Cancel), dryRun: false, (letter, _) => { lock (told) told.Add(letter); }, Cancel);

        told.Select(letter => letter.Id).ShouldBeUnique();
        (told.Count + unreached.Left.Count).ShouldBe(Foreign + 1);
        unreached.Left.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Given_AnId_When_OneLetterIsSought_Then_OnlyItsPlaceIsLookedInto()
    {
        var world = new LetterWorld();
        var scan = (await world.KilledScansAsync(2))[1];
        var all = await world.FindAsync();
        var effects = new Effects();
        var box = world.Box(effects);

        (await box.FindAsync(all[1].Id, Cancel)).ShouldNotBeNull().Scan.ShouldBe(scan);
        foreach (var none in (string[])["segmentation-requests/999", "segmentation-requests/x", "segmentation-requests/", "nowhere/1", ""])
            (await box.FindAsync(none, Cancel)).ShouldBeNull();
        effects.Done.ShouldBeEmpty();
        (await box.FindAsync($"status/{scan}", Cancel)).ShouldBeNull();
        effects.Done.ShouldBe([$"GET status/{scan}.json"]);
    }

    [Fact]
    public async Task Given_ARecordedLetter_When_SoughtByItsId_Then_ItIsFoundInTheArchiveOnly()
    {
        var world = new LetterWorld();
        var scan = (await world.KilledScansAsync(2))[0];
        await world.RecordAsync();
        var effects = new Effects();

        (await world.Box(effects).FindAsync($"archive/{scan}-1", Cancel)).ShouldNotBeNull().Scan.ShouldBe(scan);

        effects.Done.ShouldBe(["GET audit"]);
        (await world.Box().FindAsync($"archive/{scan}", Cancel)).ShouldBeNull();
        (await world.Box().FindAsync($"status/{scan}", Cancel)).ShouldNotBeNull().Cause.ShouldBe("dead-lettered");
    }

    private static Task LeaveForeignAsync(LetterWorld world)
    {
        for (var number = 0; number < Foreign; number++)
            world.Bus.Put(Queues.SegmentationRequests, "hello"u8.ToArray(), $"x{number}");
        world.Bus.Kill(Queues.SegmentationRequests);
        return Task.CompletedTask;
    }
}
