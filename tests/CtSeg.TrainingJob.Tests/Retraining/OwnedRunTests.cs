using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using CtSeg.Testing;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.TrainingJob.Tests.Retraining;

public sealed class OwnedRunTests(AzuriteFixture azurite)
{
    private const string Owner = "0123456789abcdef";
    private static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(30);
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 27, 2, 0, 0, TimeSpan.Zero));
    private readonly LateAnswer _late = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_AnswerToABeatThatComesLate_When_TheRunIsChangedMeanwhile_Then_TheChangeStays()
    {
        var (runs, run) = await ClaimAsync();
        await using var owned = run;
        _late.HoldNextWrite();
        _clock.Advance(BeatEvery);
        await _late.Written;
        var requests = _late.Requests;

        var change = owned.ChangeAsync(status => status with { AliasMoveId = "0011223344556677" }, Stop);
        // Not before what the beat has brought is noticed.
        _late.Requests.ShouldBe(requests);
        _late.Answer();
        await change;

        owned.Status.AliasMoveId.ShouldBe("0011223344556677");
        (await runs.FindAsync(owned.Id, Stop)).ShouldNotBeNull().Run.AliasMoveId.ShouldBe("0011223344556677");
    }

    [Fact]
    public async Task Given_BeatThatWaitsForItsTurn_When_TheRunIsLeft_Then_ItIsNotLost()
    {
        var (runs, run) = await ClaimAsync();
        await using (run)
        {
            _late.HoldNextWrite();
            var left = run.TryLeaveAsync(Stop);
            await _late.Written;
            _clock.Advance(BeatEvery);
            _late.Answer();
            (await left).ShouldBeTrue();
        }
        run.IsLost.ShouldBeFalse();
        (await runs.FindAsync(run.Id, Stop)).ShouldNotBeNull().Run.Beat.ShouldBeNull();
    }

    [Fact]
    public async Task Given_RunToBeCancelled_When_Left_Then_ItStaysOursAndGoesOnBeating()
    {
        var (runs, run) = await ClaimAsync();
        await using var owned = run;
        (await runs.CancelAsync(owned.Id, "x.", Stop)).ShouldBe(TrainingRunCancellation.Asked);

        (await owned.TryLeaveAsync(Stop)).ShouldBeFalse();

        _late.HoldNextWrite();
        _clock.Advance(BeatEvery);
        await _late.Written;
        _late.Answer();
        (await owned.EndAsync(TrainingRunState.Cancelled, "x.", Stop)).State.ShouldBe(TrainingRunState.Cancelled);
    }

    private async Task<(TrainingRunStore Runs, OwnedRun Run)> ClaimAsync()
    {
        var options = new BlobClientOptions();
        options.AddPolicy(_late, HttpPipelinePosition.PerCall);
        var runs = new TrainingRunStore(new BlobServiceClient(await azurite.NewAccountAsync(), options), _clock);
        var (asked, _) = await runs.RequestAsync(new TrainingRunRequest("test"), Stop);
        var claimed = (await runs.ClaimAsync(asked.Id, Owner, Stop)).Run.ShouldNotBeNull();
        return (runs, new OwnedRun(claimed, runs, BeatEvery, _clock, NullLogger.Instance));
    }

    /// <summary>Holds the answer to a write that the storage has made.</summary>
    private sealed class LateAnswer : HttpPipelinePolicy
    {
        private TaskCompletionSource? _written;
        private TaskCompletionSource _answered = NewSource();
        private int _requests;

        public int Requests => Volatile.Read(ref _requests);

        /// <value>The write is made.</value>
        public Task Written => _written!.Task;

        public void HoldNextWrite() => (_written, _answered) = (NewSource(), NewSource());

        public void Answer() => _answered.SetResult();

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            Interlocked.Increment(ref _requests);
            await ProcessNextAsync(message, pipeline);
            if (message.Request.Method != RequestMethod.Put || _written is not { } written || !written.TrySetResult())
                return;
            await _answered.Task.WaitAsync(message.CancellationToken);
        }

        private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
