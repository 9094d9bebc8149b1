using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Models;
using CtSeg.TrainingRuns;

namespace CtSeg.EndToEnd.Tests.Retraining;

[Collection(SerialCollection.Name)]
[Trait("Category", "Slow")]
public sealed class KilledRetrainingTests : IAsyncLifetime
{
    private const int Kills = 20;
    private const int Epochs = 40;
    // Epochs that a job gets on with before it is killed, at most.
    private const int MostEpochs = 6;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(6);
    private static readonly TrainingRunRequest Request = new("tests")
    {
        Epochs = Epochs, EvenWithoutNewData = true, Promotion = new PromotionTerms(MinGroups: 2),
    };

    private readonly Random _random = new(5);
    private readonly List<TrainingRunState> _killedIn = [];
    private RetrainingStack _stack = null!;

    public async ValueTask InitializeAsync() => _stack = await RetrainingStack.StartAsync();

    public ValueTask DisposeAsync() => _stack.DisposeAsync();

    [Fact]
    public async Task Given_ARetrainingJob_When_KilledAtTwentyRandomMoments_Then_EachRunEndsOnceWithTheBitsOfAnUndisturbedOne()
    {
        var undisturbed = await _stack.RequestAsync(Request);
        var whole = await _stack.EndOfAsync(undisturbed, Deadline);
        // So that moves of the alias are among the moments.
        whole.State.ShouldBe(TrainingRunState.Promoted, whole.Reason);
        whole.Progress.ShouldNotBeNull().Epoch.ShouldBe(Epochs);

        while (_killedIn.Count < Kills)
        {
            // The same beginning, whatever was decided before.
            await _stack.ServeAsync(RetrainingStack.Champion);
            var run = await _stack.RequestAsync(Request);
            await KillUntilItEndsAsync(run);
            await ExpectTheSameAsync(run, undisturbed, whole);
        }

        _killedIn.ShouldContain(TrainingRunState.Training);
        _killedIn.ShouldContain(state => state >= TrainingRunState.Evaluating);
        (await _stack.ExistsAsync(Containers.TrainingRuns, BlobPaths.ActiveTrainingRun)).ShouldBeFalse();
        (await _stack.EventsAsync(Queues.DeadLettersOf(Queues.TrainingRequests))).ShouldBeEmpty();
    }

    private async Task KillUntilItEndsAsync(string run)
    {
        for (string? owner = null; _killedIn.Count < Kills;)
        {
            var moment = await NextMomentAsync(run);
            TrainingRunStatus seen = null!;
            await Eventually.HoldsAsync(
                async () => (seen = await _stack.ReadAsync(run)).HasEnded || (seen.Beat is { } beat && beat.Owner != owner && await moment(seen)),
                () => $"The moment of kill {_killedIn.Count + 1} did not come; logs in {_stack.Stack.Local.LogFolder}", Deadline);
            owner = seen.Beat?.Owner;
            // An epoch is longer than a look.
            for (var looks = _random.Next(8); looks > 0; looks--)
                await _stack.ReadAsync(run);
            var job = _stack.Job.Current;
            job.Kill();
            await job.Exited;
            _killedIn.Add((await _stack.ReadAsync(run)).State);
            if (_killedIn[^1] >= TrainingRunState.Promoted)
                return;
        }
    }

    /// <summary>Most lie in the training, the last ones around publishing, deciding and ending; the end itself is one.</summary>
    private async Task<Func<TrainingRunStatus, Task<bool>>> NextMomentAsync(string run)
    {
        var epoch = (await _stack.ReadAsync(run)).Progress?.Epoch ?? 0;
        var goal = epoch + _random.Next(MostEpochs);
        if (goal < Epochs)
            return status => Task.FromResult((status.Progress?.Epoch ?? 0) >= goal);
        return _random.Next(5) switch
        {
            0 => _ => _stack.ExistsAsync(Containers.Models, BlobPaths.ModelWeights(run)),
            1 => _ => _stack.ExistsAsync(Containers.Models, BlobPaths.ModelCard(run)),
            2 => status => Task.FromResult(status.State == TrainingRunState.Evaluating),
            3 => _ => _stack.ExistsAsync(Containers.Models, BlobPaths.ModelDecision(run)),
            _ => _ => _stack.ExistsAsync(Containers.TrainingRuns, BlobPaths.TrainingReport(run)),
        };
    }

    private async Task ExpectTheSameAsync(string run, string undisturbed, TrainingRunStatus whole)
    {
        var ended = await _stack.EndOfAsync(run, Deadline);
        ended.State.ShouldBe(whole.State, ended.Reason);
        ended.Timeline.Count(step => step.State >= TrainingRunState.Promoted).ShouldBe(1);
        ended.Progress.ShouldNotBeNull().Losses.ShouldBe(whole.Progress!.Losses);
        (await HashOfAsync(run)).ShouldBe(await HashOfAsync(undisturbed));
        // Who was killed between the end and what follows it leaves that to the next one.
        await Eventually.HoldsAsync(
            async () => !await _stack.ExistsAsync(Containers.TrainingRuns, BlobPaths.TrainingCheckpoint(run))
                && !await _stack.ExistsAsync(Containers.TrainingRuns, BlobPaths.ActiveTrainingRun)
                && (await _stack.EventsAsync(Queues.Alerts)).Contains($"{run}-ended"),
            () => $"The run was not tidied up, or nobody was told; logs in {_stack.Stack.Local.LogFolder}");
        (await _stack.ExistsAsync(Containers.TrainingRuns, BlobPaths.TrainingReport(run))).ShouldBeTrue();
        (await _stack.EventsAsync(Queues.Alerts)).Count(id => id == $"{run}-ended").ShouldBe(1);
        (await _stack.MovesToAsync(run)).ShouldBe([AliasMoveStep.Done]);
    }

    private async Task<string> HashOfAsync(string version) => (await _stack.Models.FindAsync(version, RetrainingStack.Cancel)).ShouldNotBeNull().WeightsSha256;
}
