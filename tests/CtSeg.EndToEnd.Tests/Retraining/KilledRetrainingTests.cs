using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Models;
using CtSeg.TrainingRuns;

namespace CtSeg.EndToEnd.Tests.Retraining;

[Collection(SerialCollection.Name)]
public sealed class KilledRetrainingTests : IAsyncLifetime
{
    private const int Kills = 20;
    private const int Epochs = 40;
    // Epochs that a job gets on with before it is killed, at most.
    private const int MostEpochs = 3;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(6);
    private static readonly TrainingRunRequest Request = new("tests")
    {
        Epochs = Epochs, EvenWithoutNewData = true, Promotion = new PromotionTerms(MinGroups: 2),
    };

    private RetrainingStack _stack = null!;

    public async ValueTask InitializeAsync() => _stack = await RetrainingStack.StartAsync();

    public ValueTask DisposeAsync() => _stack.DisposeAsync();

    [Fact]
    public async Task Given_ARetrainingJob_When_KilledAtTwentyRandomMoments_Then_TheRunEndsOnceWithTheBitsOfAnUndisturbedOne()
    {
        var undisturbed = await _stack.RequestAsync(Request);
        var whole = await _stack.EndOfAsync(undisturbed, Deadline);
        whole.State.ShouldBeOneOf(TrainingRunState.Promoted, TrainingRunState.Refused);
        whole.Progress.ShouldNotBeNull().Epoch.ShouldBe(Epochs);
        // The same beginning, whatever was decided.
        await _stack.ServeAsync(RetrainingStack.Champion);

        var run = await _stack.RequestAsync(Request);
        var killedIn = await KillAsync(run, new Random(5));
        var ended = await _stack.EndOfAsync(run, Deadline);

        killedIn.Count.ShouldBe(Kills);
        killedIn.ShouldContain(TrainingRunState.Requested);
        killedIn.ShouldContain(TrainingRunState.Training);
        killedIn.ShouldContain(TrainingRunState.Evaluating);
        ended.State.ShouldBe(whole.State, ended.Reason);
        ended.Timeline.Count(step => step.State >= TrainingRunState.Promoted).ShouldBe(1);
        ended.Progress.ShouldNotBeNull().Losses.ShouldBe(whole.Progress.Losses);
        (await HashOfAsync(run)).ShouldBe(await HashOfAsync(undisturbed));
        (await _stack.ExistsAsync(Containers.TrainingRuns, BlobPaths.TrainingCheckpoint(run))).ShouldBeFalse();
        (await _stack.ExistsAsync(Containers.TrainingRuns, BlobPaths.TrainingReport(run))).ShouldBeTrue();
        (await _stack.ExistsAsync(Containers.TrainingRuns, BlobPaths.ActiveTrainingRun)).ShouldBeFalse();
        await Eventually.HoldsAsync(
            async () => (await _stack.EventsAsync(Queues.Alerts)).Contains($"{run}-ended"), () => $"Nobody was told; logs in {_stack.Stack.Local.LogFolder}");
        (await _stack.EventsAsync(Queues.Alerts)).Count(id => id == $"{run}-ended").ShouldBe(1);
        (await _stack.EventsAsync(Queues.DeadLettersOf(Queues.TrainingRequests))).ShouldBeEmpty();
    }

    /// <returns>The states in which the run was found right after each kill; none is an end.</returns>
    private async Task<IReadOnlyList<TrainingRunState>> KillAsync(string run, Random random)
    {
        var killedIn = new List<TrainingRunState>();
        // One as soon as the job has the run, most in the midst of training, the last ones around publishing and comparing.
        await KillWhenAsync(async () => (await _stack.ReadAsync(run)).Beat is not null, random, killedIn, run);
        while (killedIn.Count < Kills - 3)
        {
            var goal = Math.Min(await EpochAsync(run) + random.Next(MostEpochs), Epochs - 2);
            await KillWhenAsync(async () => await EpochAsync(run) >= goal, random, killedIn, run);
        }
        await KillWhenAsync(() => _stack.ExistsAsync(Containers.Models, BlobPaths.ModelWeights(run)), random, killedIn, run);
        await KillWhenAsync(() => _stack.ExistsAsync(Containers.Models, BlobPaths.ModelCard(run)), random, killedIn, run);
        await KillWhenAsync(async () => (await _stack.ReadAsync(run)).State == TrainingRunState.Evaluating, random, killedIn, run);
        return killedIn;
    }

    /// <summary>Kills a job that holds the run: some looks after the moment has come, since an epoch is longer than a look.</summary>
    private async Task KillWhenAsync(Func<Task<bool>> moment, Random random, List<TrainingRunState> killedIn, string run)
    {
        var owner = killedIn.Count == 0 ? null : (await _stack.ReadAsync(run)).Beat?.Owner;
        await Eventually.HoldsAsync(
            async () => (await _stack.ReadAsync(run)).Beat is { } beat && beat.Owner != owner, () => $"No other job took the run; logs in {_stack.Stack.Local.LogFolder}");
        await Eventually.HoldsAsync(moment, () => $"The moment of kill {killedIn.Count + 1} did not come; logs in {_stack.Stack.Local.LogFolder}", Deadline);
        for (var looks = random.Next(8); looks > 0; looks--)
            await _stack.ReadAsync(run);
        var job = _stack.Job.Current;
        job.Kill();
        await job.Exited;
        var left = await _stack.ReadAsync(run);
        left.HasEnded.ShouldBeFalse("the job was killed too late to prove anything");
        killedIn.Add(left.State);
    }

    private async Task<int> EpochAsync(string run) => (await _stack.ReadAsync(run)).Progress?.Epoch ?? 0;

    private async Task<string> HashOfAsync(string version) => (await _stack.Models.FindAsync(version, RetrainingStack.Cancel)).ShouldNotBeNull().WeightsSha256;
}
