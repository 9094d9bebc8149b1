using CtSeg.Contracts;
using CtSeg.Testing;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;
using CtSeg.TrainingRuns;
using static CtSeg.TrainingJob.Tests.Retraining.RetrainWorld;

namespace CtSeg.TrainingJob.Tests.Retraining;

/// <summary>What becomes of the messages.</summary>
[Collection(TorchCollection.Name)]
public sealed class RetrainRequestTests(AzuriteFixture azurite)
{
    [Theory]
    [InlineData("no json")]
    [InlineData("""{"id":"a-1","type":"ctseg.training.requested.v1","source":"/x","subject":"a","time":"2026-11-27T02:00:00Z","data":{"runId":"a","attempt":1},"specversion":"1.0","datacontenttype":"application/json"}""")]
    public async Task Given_UnreadableRequest_When_Received_Then_DeadLettered(string body)
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        world.Bus.Put(Queues.TrainingRequests, System.Text.Encoding.UTF8.GetBytes(body));
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        world.Bus.Messages(Queues.DeadLettersOf(Queues.TrainingRequests)).ShouldHaveSingleItem().DeadLetterReason.ShouldBe("unreadable-message");
    }

    [Fact]
    public async Task Given_SecondRequest_When_TheFirstJobLives_Then_ItIsTakenOutAndTheRunIsTrainedOnce()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync(), new RetrainLimits { Idle = TimeSpan.FromMinutes(1), BeatEvery = TimeSpan.FromMinutes(10), StaleAfter = TimeSpan.FromDays(3) });
        var run = await world.RequestAsync();
        var second = new FakeTrainer();
        Task? other = null;
        var first = new FakeTrainer
        {
            Meanwhile = async (_, _) =>
            {
                world.Ask(run, 2);
                // Ends when it has seen the first job's beat renewed.
                other ??= world.DrainAsync(second, new FakeJudge(promotes: true));
                await other;
            },
        };
        await world.DrainAsync(first, new FakeJudge(promotes: true));
        (first.Trained, second.Trained, (await world.ReadAsync(run)).State).ShouldBe((1, 0, TrainingRunState.Promoted));
        world.Bus.Messages(Queues.TrainingRequests).ShouldBeEmpty();
        world.Bus.Messages(Queues.Alerts).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Given_BeatOfADeadJob_When_ItsRequestComesAgain_Then_WaitedForAndTakenOver()
    {
        var world = await RetrainWorld.OpenAsync(
            await azurite.NewAccountAsync(), new RetrainLimits { Idle = TimeSpan.FromMinutes(1), BeatEvery = TimeSpan.FromMinutes(5), StaleAfter = TimeSpan.FromHours(1) });
        var run = await world.RequestAsync();
        (await world.Runs.ClaimAsync(run, "dead", Stop)).Claim.ShouldBe(TrainingRunClaim.Claimed);
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Promoted);
    }

    [Fact]
    public async Task Given_RequestThatCameBackOften_When_Received_Then_ReplacedByANewOne()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync();
        world.Bus.Messages(Queues.TrainingRequests)[0].DeliveryCount = 8;
        var effects = new Effects();
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true), effects);
        effects.Done.ShouldBe([$"SEND training-requests {run}-2", "COMPLETE 1", $"SEND alerts {(await world.ReadAsync(run)).AliasMoveId}-changed", $"SEND alerts {run}-ended", "COMPLETE 2"]);
        ((await world.ReadAsync(run)).Attempt, (await world.ReadAsync(run)).State).ShouldBe((2, TrainingRunState.Promoted));
    }

    // Changed, ended, complete.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Given_KilledBetweenEndAndEvents_When_Redelivered_Then_EachIsToldOnce(int step)
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync();
        var killed = new Effects { DiesAfter = step };
        _ = world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true), killed);
        await killed.Died.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, Stop);
        world.Bus.ExpireLocks();
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));

        var ended = await world.ReadAsync(run);
        world.Bus.Messages(Queues.Alerts).Select(message => message.MessageId).ShouldBe([$"{ended.AliasMoveId}-changed", $"{run}-ended"]);
        ended.Timeline.Count(done => done.State >= TrainingRunState.Promoted).ShouldBe(1);
        world.Bus.Messages(Queues.TrainingRequests).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_KilledBeforeTheEvents_When_TheAliasIsDamagedSince_Then_ToldAllTheSame()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync();
        var killed = new Effects { DiesAfter = 0 };
        _ = world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true), killed);
        await killed.Died.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, Stop);
        world.Bus.ExpireLocks();
        await world.DamageAliasAsync();
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));

        world.Bus.Messages(Queues.Alerts).Select(message => message.MessageId).ShouldBe([$"{(await world.ReadAsync(run)).AliasMoveId}-changed", $"{run}-ended"]);
        world.Bus.Messages(Queues.TrainingRequests).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_FaultOfTheProgramAfterTheEnd_When_Met_Then_TheProcessLivesAndTellsItLater()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync();
        var faults = 2;
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true), new Effects { Before = BreakAlerts });

        world.Bus.Messages(Queues.Alerts).Select(message => message.MessageId).ShouldBe([$"{(await world.ReadAsync(run)).AliasMoveId}-changed", $"{run}-ended"]);
        world.Bus.Messages(Queues.TrainingRequests).ShouldBeEmpty();

        void BreakAlerts(int number, string step)
        {
            if (step.StartsWith("SEND alerts", StringComparison.Ordinal) && faults-- > 0)
                throw new InvalidCastException("broken");
        }
    }

    [Fact]
    public async Task Given_UnknownRun_When_Asked_Then_TheRequestIsTakenOut()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        world.Ask("20261127-020000-1a2b3c", 1);
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        world.Bus.Messages(Queues.TrainingRequests).ShouldBeEmpty();
        world.Bus.Messages(Queues.DeadLettersOf(Queues.TrainingRequests)).ShouldBeEmpty();
    }
}
