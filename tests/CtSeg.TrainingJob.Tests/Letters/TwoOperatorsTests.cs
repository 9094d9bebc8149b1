using System.Collections.Concurrent;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.TrainingJob.Letters;

namespace CtSeg.TrainingJob.Tests.Letters;

/// <summary>Two commands that found the same letters and take them at the same time.</summary>
public sealed class TwoOperatorsTests
{
    private const int Scans = 20;
    private readonly LetterWorld _world = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Given_ReplayAndReplay_When_StartedTogether_Then_EachScanIsDoneOnce(bool isArchived)
    {
        var (scans, found) = await DeadAsync(isArchived);

        await TogetherAsync(() => ReplayAsync(found), () => ReplayAsync(found));
        await _world.Consumer.DrainAsync();

        foreach (var scan in scans)
        {
            (await _world.Consumer.StatusOfAsync(scan)).ShouldSatisfyAllConditions(
                status => status.State.ShouldBe(ScanState.Completed), status => status.Attempt.ShouldBe(2), status => status.Replay!.Count.ShouldBe(1));
            ResultsOf(scan).ShouldBe(1);
        }
        _world.Consumer.Told().Count.ShouldBe(Scans);
        (await _world.FindAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Given_ReplayAndDiscard_When_StartedTogether_Then_EachScanIsDoneOnceOrDiscardedAndNothingIsLost(bool isArchived)
    {
        var (scans, found) = await DeadAsync(isArchived);
        var ends = new ConcurrentDictionary<ScanId, LetterRemoval>();
        IReadOnlyList<FoundLetter> left = [];

        await TogetherAsync(
            () => ReplayAsync(found),
            async () => left = await _world.Box().DiscardAsync(found.Letters, "operator", "test", (letter, end) => ends[letter.Scan!.Value] = end, Cancel));
        await _world.Consumer.DrainAsync();

        foreach (var scan in scans)
        {
            ResultsOf(scan).ShouldBeLessThanOrEqualTo(1);
            if (ends.TryGetValue(scan, out var end) && end == LetterRemoval.Removed)
                _world.Consumer.Storage.Writes.Count(write => write.Name.StartsWith($"audit/dead-letters/discarded/{scan}-", StringComparison.Ordinal)).ShouldBe(1);
            else
                (await _world.Consumer.StatusOfAsync(scan)).State.ShouldBe(ScanState.Completed);
        }
        ends.Keys.Concat(left.Select(letter => letter.Scan!.Value)).ShouldBe(scans, ignoreOrder: true);
        ends.Values.ShouldNotContain(LetterRemoval.Stayed);
        (await _world.FindAsync()).ShouldAllBe(letter => letter.Place == Containers.Status);
    }

    private async Task<(IReadOnlyList<ScanId> Scans, LettersFound Found)> DeadAsync(bool isArchived)
    {
        var scans = await _world.KilledScansAsync(Scans);
        if (isArchived)
            await _world.RecordAsync();
        _world.Consumer.Storage.ForgetWrites();
        return (scans, await _world.Box().FindAsync(new LetterFilter(null, null, null), Cancel));
    }

    private Task<Unreached> ReplayAsync(LettersFound found) => _world.Box().ReplayAsync(found, dryRun: false, (_, _) => { }, Cancel);

    // In memory much is done without waiting: in turn, unless each has its own thread.
    private static async Task TogetherAsync(Func<Task> one, Func<Task> other)
    {
        using var start = new Barrier(2);
        await Task.WhenAll(Task.Run(() => Start(one), Cancel), Task.Run(() => Start(other), Cancel));

        Task Start(Func<Task> work)
        {
            start.SignalAndWait(Cancel);
            return work();
        }
    }

    private int ResultsOf(ScanId scan) => _world.Consumer.Storage.WritesOf($"results/{scan}/metrics.json");
}
