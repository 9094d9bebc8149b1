using CtSeg.Contracts;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Letters;

/// <summary>The fake bus never forgets an id: all of this happens inside the window of duplicate detection.</summary>
public sealed class KilledReplayTests
{
    public enum Place
    {
        DeadLetterQueue,
        Archive,
        StatusOnly,
    }

    public static TheoryData<Place> Places => [.. Enum.GetValues<Place>()];

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Given_KilledAfterAnyStep_When_ReplayedAgain_Then_EachScanIsDoneOnceAndNothingLiesDead(Place place)
    {
        var steps = await CountStepsAsync(place);
        steps.ShouldBeGreaterThan(10);
        for (var step = 0; step < steps; step++)
        {
            var (world, scans) = await DeadAsync(place);
            using var cleanUp = new CancellationTokenSource();

            await world.ReplayAndDieAsync(step, cleanUp);
            await world.ReplayAsync();
            await world.Consumer.DrainAsync();

            await ShouldBeDoneOnceAsync(world, scans, $"killed after step {step} of {steps}");
            await cleanUp.CancelAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Given_KilledAfterAnyStepAndTheJobWentOn_When_ReplayedAgain_Then_EachScanIsDoneOnce(Place place)
    {
        var steps = await CountStepsAsync(place);
        for (var step = 0; step < steps; step++)
        {
            var (world, scans) = await DeadAsync(place);
            using var cleanUp = new CancellationTokenSource();

            await world.ReplayAndDieAsync(step, cleanUp);
            await world.Consumer.DrainAsync();
            await world.ReplayAsync();
            await world.Consumer.DrainAsync();

            await ShouldBeDoneOnceAsync(world, scans, $"killed after step {step} of {steps}");
            await cleanUp.CancelAsync();
        }
    }

    [Fact]
    public async Task Given_KilledThreeTimesInARow_When_ReplayedAgain_Then_EachScanIsDoneOnce()
    {
        var (world, scans) = await DeadAsync(Place.Archive);
        using var cleanUp = new CancellationTokenSource();
        foreach (var step in new[] { 10, 8, 5 })
            await world.ReplayAndDieAsync(step, cleanUp);

        await world.ReplayAsync();
        await world.Consumer.DrainAsync();

        await ShouldBeDoneOnceAsync(world, scans, "killed three times");
        await cleanUp.CancelAsync();
    }

    private static async Task<int> CountStepsAsync(Place place)
    {
        var (world, _) = await DeadAsync(place);
        var effects = new Effects();
        await world.ReplayAsync(effects);
        return effects.Done.Count;
    }

    private static async Task<(LetterWorld World, IReadOnlyList<ScanId> Scans)> DeadAsync(Place place)
    {
        var world = new LetterWorld();
        var scans = await world.KilledScansAsync(count: 3);
        if (place == Place.Archive)
            await world.RecordAsync();
        if (place == Place.StatusOnly)
        {
            await world.RecordAsync();
            foreach (var scan in scans)
                world.Consumer.Storage.Remove($"audit/dead-letters/{scan}-1.json");
        }
        world.Consumer.Storage.ForgetWrites();
        return (world, scans);
    }

    private static async Task ShouldBeDoneOnceAsync(LetterWorld world, IReadOnlyList<ScanId> scans, string when)
    {
        foreach (var scan in scans)
        {
            var status = await world.Consumer.StatusOfAsync(scan);
            status.State.ShouldBe(ScanState.Completed, when);
            (status.Attempt, status.Replay).ShouldBe((2, new ScanReplay(1, 2, $"{scan}-1")), when);
            status.Failure.ShouldBeNull(when);
            world.Consumer.Storage.WritesOf($"results/{scan}/metrics.json").ShouldBe(1, when);
            world.Consumer.Storage.WritesOf($"results/{scan}/mask.png").ShouldBe(1, when);
        }
        world.Consumer.Told().Select(told => (told.GetProperty("type").GetString(), told.GetProperty("id").GetString())).Order()
            .ShouldBe(scans.Select(scan => ((string?)EventTypes.SegmentationCompleted, (string?)$"{scan}-2")).Order(), when);
        world.Bus.Messages(Queues.SegmentationRequests).ShouldBeEmpty(when);
        (await world.FindAsync()).ShouldBeEmpty(when);
    }
}
