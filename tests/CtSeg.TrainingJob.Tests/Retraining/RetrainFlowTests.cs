using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingRuns;
using static CtSeg.TrainingJob.Tests.Retraining.RetrainWorld;

namespace CtSeg.TrainingJob.Tests.Retraining;

[Collection(TorchCollection.Name)]
public sealed class RetrainFlowTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Given_BetterChallenger_When_Asked_Then_PublishedPromotedReportedAndTold()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));

        var ended = await world.ReadAsync(run);
        (ended.State, ended.Reason, ended.Champion, ended.Challenger).ShouldBe((TrainingRunState.Promoted, "Better.", ChampionVersion, run));
        ended.Timeline.Select(step => step.State).ShouldBe(
            [TrainingRunState.Requested, TrainingRunState.Training, TrainingRunState.Evaluating, TrainingRunState.Promoted]);
        (await world.ServedAsync()).ShouldBe(run);
        (await world.Models.FindDecisionAsync(run, Stop)).ShouldNotBeNull().Promote.ShouldBeTrue();
        (await world.ExistsAsync(Containers.TrainingRuns, BlobPaths.TrainingReport(run))).ShouldBeTrue();
        (await world.ExistsAsync(Containers.Models, BlobPaths.ModelReport(run))).ShouldBeTrue();
        (await world.Runs.FindActiveAsync(Stop)).ShouldBeNull();
        world.Bus.Messages(Queues.TrainingRequests).ShouldBeEmpty();
        world.Bus.Messages(Queues.Alerts).Select(message => message.MessageId).ShouldBe([$"{ended.AliasMoveId}-changed", $"{run}-ended"]);
    }

    [Fact]
    public async Task Given_Challenger_When_Published_Then_ItKnowsItsDataAndItsParents()
    {
        var world = await OpenAsync();
        var old = PictureIdentity.Of(Picture(1000).Image);
        await world.PublishAsync("older", seed: 3, new TrainedOn("older", null, [old], ["0011"]));
        await world.MoveAliasAsync("older");
        var run = await world.RequestAsync();
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: false));

        var status = await world.ReadAsync(run);
        status.State.ShouldBe(TrainingRunState.Refused);
        (await world.ServedAsync()).ShouldBe("older");
        var data = (await world.Data.FindDataSetAsync(status.DataSet!, Stop)).ShouldNotBeNull();
        var locked = (await world.Data.FindEvaluationSetAsync(status.EvaluationSet!, Stop)).ShouldNotBeNull();
        locked.Slices.Count.ShouldBeGreaterThan(1);
        var training = data.Slices.Where(slice => !locked.Slices.Contains(slice.Id)).ToList();
        var trainedOn = (await world.Models.FindTrainedOnAsync(run, Stop)).ShouldNotBeNull();
        trainedOn.DataSet.ShouldBe(data.Version);
        trainedOn.Pictures.ShouldBe(training.Select(slice => slice.Picture).Append(old), ignoreOrder: true);
        var hash = await world.Data.GroupHashAsync(Stop);
        trainedOn.Groups.ShouldBe(training.Select(slice => hash.Of(slice.Group)).Append("0011"), ignoreOrder: true);
    }

    [Fact]
    public async Task Given_NothingNew_When_Asked_Then_SkippedUnlessAskedEvenSo()
    {
        var world = await OpenAsync();
        await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        var trainer = new FakeTrainer();
        var run = await world.DrainAfterRequestAsync(trainer, new FakeJudge(promotes: true));
        var skipped = await world.ReadAsync(run);
        (skipped.State, trainer.Trained).ShouldBe((TrainingRunState.Skipped, 0));
        skipped.Reason.ShouldNotBeNull().ShouldStartWith("There is nothing new to learn since the model in use");

        run = await world.RequestAsync(new TrainingRunRequest("test") { EvenWithoutNewData = true, Promotion = FewGroups });
        await world.DrainAsync(trainer, new FakeJudge(promotes: false));
        ((await world.ReadAsync(run)).State, trainer.Trained).ShouldBe((TrainingRunState.Refused, 1));
    }

    [Fact]
    public async Task Given_PromotedModelThatWasRolledBack_When_NightComes_Then_ItIsNotMadeAgain()
    {
        var world = await OpenAsync();
        var promoted = await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        (await world.Alias.RollbackAsync("test", "It misses effusions.", Stop)).Done.ShouldBeTrue();
        var trainer = new FakeTrainer();

        var again = await world.ReadAsync(await world.DrainAfterRequestAsync(trainer, new FakeJudge(promotes: true)));

        (again.State, trainer.Trained, await world.ServedAsync()).ShouldBe((TrainingRunState.Skipped, 0, ChampionVersion));
        again.Reason.ShouldNotBeNull().ShouldStartWith($"Run {promoted} learnt from the same data on the same terms beside the same model in use, and was promoted, but");
        await world.AddSliceAsync(await world.FirstGroupAsync(isLocked: false), label: 2);
        (await world.ReadAsync(await world.DrainAfterRequestAsync(trainer, new FakeJudge(promotes: true)))).State.ShouldBe(TrainingRunState.Promoted);
    }

    [Fact]
    public async Task Given_CorrectedMaskOfAKnownPicture_When_Asked_Then_ItIsNewUnlessLocked()
    {
        var world = await OpenAsync();
        await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        var (locked, open) = (await world.FirstGroupAsync(isLocked: true), await world.FirstGroupAsync(isLocked: false));

        await world.AddSliceAsync(locked, label: 2);
        (await world.ReadAsync(await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: false)))).State.ShouldBe(TrainingRunState.Skipped);
        await world.AddSliceAsync(open, label: 2);
        (await world.ReadAsync(await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: false)))).State.ShouldBe(TrainingRunState.Refused);
    }

    [Fact]
    public async Task Given_RefusedRun_When_AskedAgainOnTheSameDataAndTerms_Then_SkippedUnlessSomebodyAsksEvenSo()
    {
        var world = await OpenAsync();
        var refused = await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: false));
        var trainer = new FakeTrainer();
        for (var night = 0; night < 2; night++)
        {
            var again = await world.ReadAsync(await world.DrainAfterRequestAsync(trainer, new FakeJudge(promotes: false)));
            (again.State, trainer.Trained).ShouldBe((TrainingRunState.Skipped, 0));
            again.Reason.ShouldNotBeNull().ShouldStartWith($"Run {refused} learnt from the same data");
        }

        await EndsRefusedAsync(new TrainingRunRequest("test") { Epochs = 2, Promotion = FewGroups, EvenWithoutNewData = true });
        await EndsRefusedAsync(new TrainingRunRequest("test") { Epochs = 3, Promotion = FewGroups });
        await EndsRefusedAsync(new TrainingRunRequest("test") { Epochs = 2, Promotion = FewGroups with { Margin = 0.1 } });
        await world.AddSliceAsync(await world.FirstGroupAsync(isLocked: false), label: 2);
        await EndsRefusedAsync(new TrainingRunRequest("test") { Epochs = 2, Promotion = FewGroups });

        async Task EndsRefusedAsync(TrainingRunRequest request)
        {
            var run = await world.RequestAsync(request);
            await world.DrainAsync(trainer, new FakeJudge(promotes: false));
            (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Refused);
        }
    }

    [Fact]
    public async Task Given_RunRefusedForWhatAClassLostSinceThePromotionsBegan_When_AskedAgain_Then_Skipped()
    {
        var world = await OpenAsync();
        var judge = new FakeJudge(promotes: true) { Start = new ChainComparison(new ServedModel("first", new string('a', 64)), 5, [new ChainClass("consolidation", 5, 0.6, 0.5, -0.1, Decides: true, Passes: false)]) };
        (await world.ReadAsync(await world.DrainAfterRequestAsync(new FakeTrainer(), judge))).State.ShouldBe(TrainingRunState.Refused);
        (await world.ReadAsync(await world.DrainAfterRequestAsync(new FakeTrainer(), judge))).State.ShouldBe(TrainingRunState.Skipped);
    }

    [Fact]
    public async Task Given_FailedOrCancelledRun_When_AskedAgain_Then_Tried()
    {
        var world = await OpenAsync();
        var failing = new FakeTrainer { Meanwhile = (_, _) => throw new TrainingDivergedException(3) };
        (await world.ReadAsync(await world.DrainAfterRequestAsync(failing, new FakeJudge(promotes: true)))).State.ShouldBe(TrainingRunState.Failed);
        (await world.ReadAsync(await world.DrainAfterRequestAsync(new FakeTrainer(), new FakeJudge(promotes: true)))).State.ShouldBe(TrainingRunState.Promoted);
    }

    [Fact]
    public async Task Given_ChampionOfUnknownData_When_Asked_Then_SkippedBeforeATraining()
    {
        var world = await OpenAsync();
        await world.PublishAsync("unknown", seed: 3, trainedOn: null);
        await world.MoveAliasAsync("unknown");
        var trainer = new FakeTrainer();
        var ended = await world.ReadAsync(await world.DrainAfterRequestAsync(trainer, new FakeJudge(promotes: true)));
        (ended.State, trainer.Trained).ShouldBe((TrainingRunState.Skipped, 0));
        ended.Reason.ShouldNotBeNull().ShouldStartWith("Nobody knows what the model in use, unknown, has learnt from");
    }

    [Fact]
    public async Task Given_TooFewGroupsToProveItOn_When_Asked_Then_Skipped()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync(new TrainingRunRequest("test") { Promotion = new PromotionTerms(MinGroups: 100) });
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        var ended = await world.ReadAsync(run);
        ended.State.ShouldBe(TrainingRunState.Skipped);
        ended.Reason.ShouldNotBeNull().ShouldContain("100 are needed");
    }

    [Fact]
    public async Task Given_CancelInTraining_When_TheJobBeats_Then_CancelledAndNothingPublished()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        var trainer = new FakeTrainer
        {
            Meanwhile = async (owned, interrupted) =>
            {
                (await world.Runs.CancelAsync(run, "x", Stop)).ShouldBe(TrainingRunCancellation.Asked);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, interrupted);
            },
        };
        await world.DrainAsync(trainer, new FakeJudge(promotes: true));
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Cancelled);
        (await world.Models.FindAsync(run, Stop)).ShouldBeNull();
        (await world.ServedAsync()).ShouldBe(ChampionVersion);
        world.Bus.Messages(Queues.TrainingRequests).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_CancelAfterTheDecision_When_TheAliasIsAboutToMove_Then_ItDoesNot()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        var judge = new FakeJudge(promotes: true) { Meanwhile = () => world.Runs.CancelAsync(run, "x", Stop) };
        await world.DrainAsync(new FakeTrainer(), judge);
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Cancelled);
        (await world.ServedAsync()).ShouldBe(ChampionVersion);
        // Where one was stored at all.
        ((await world.Models.FindDecisionAsync(run, Stop))?.Promote ?? false).ShouldBeFalse();
    }

    [Fact]
    public async Task Given_StopInTraining_When_Told_Then_ReleasedGivenBackAndAnotherJobGoesOn()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        using var stopping = new CancellationTokenSource();
        var trainer = new FakeTrainer
        {
            Meanwhile = async (_, interrupted) =>
            {
                await stopping.CancelAsync();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, interrupted);
            },
        };
        await world.RunUntilToldAsync(trainer, new FakeJudge(promotes: true), stopping.Token);

        var left = await world.ReadAsync(run);
        (left.State, left.Beat).ShouldBe((TrainingRunState.Training, null));
        world.Bus.Messages(Queues.TrainingRequests).ShouldHaveSingleItem();
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Promoted);
    }

    [Fact]
    public async Task Given_RunTakenOver_When_TheFormerOwnerGoesOn_Then_ItWritesNothing()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        var trainer = new FakeTrainer
        {
            Meanwhile = async (_, _) => await world.Runs.ChangeAsync(run, status => status with { Beat = new RunBeat("another", world.Time.GetUtcNow().UtcDateTime) }, Stop),
        };
        await world.DrainAsync(trainer, new FakeJudge(promotes: true));
        var left = await world.ReadAsync(run);
        (left.State, left.Beat!.Owner, left.Challenger).ShouldBe((TrainingRunState.Training, "another", null));
        (await world.Models.FindAsync(run, Stop)).ShouldBeNull();
        (await world.ServedAsync()).ShouldBe(ChampionVersion);
    }

    [Fact]
    public async Task Given_LostRace_When_Promoted_Then_DecidedAnewAgainstTheNewChampion()
    {
        var world = await OpenAsync();
        await world.PublishAsync("rival", seed: 4, new TrainedOn("rival", null, [], []));
        var run = await world.RequestAsync();
        var judge = new FakeJudge(promotes: true);
        judge.Meanwhile = () => judge.Asked.Count == 1 ? world.MoveAliasAsync("rival") : Task.CompletedTask;
        await world.DrainAsync(new FakeTrainer(), judge);
        judge.Asked.Select(asked => asked.Champion).ShouldBe([ChampionVersion, "rival"]);
        (await world.ServedAsync()).ShouldBe(run);
        (await world.Models.FindDecisionAsync(run, Stop)).ShouldNotBeNull().Champion.Version.ShouldBe("rival");
    }

    [Fact]
    public async Task Given_CancelBehindTheDecision_When_TheAliasIsAboutToMove_Then_TheStoredDecisionDoesNotSayPromoted()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        world.Before($"{run}/decision.json", () => world.Runs.CancelAsync(run, "x", Stop));
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Cancelled);
        (await world.Models.FindDecisionAsync(run, Stop)).ShouldNotBeNull().ShouldSatisfyAllConditions(
            decision => decision.Promote.ShouldBeFalse(), decision => decision.Reason.ShouldContain("cancelled"));
    }

    [Fact]
    public async Task Given_ModelThatIsDamagedAfterTheDecision_When_TheAliasRefusesIt_Then_TheStoredDecisionDoesNotSayPromoted()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        world.Before($"{run}/decision.json", async () =>
            await world.Storage.GetBlobContainerClient(Containers.Models).GetBlobClient(BlobPaths.ModelCard(run)).UploadAsync(BinaryData.FromString("{"), overwrite: true, Stop));
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Failed);
        (await world.ServedAsync()).ShouldBe(ChampionVersion);
        (await world.Models.FindDecisionAsync(run, Stop)).ShouldNotBeNull().ShouldSatisfyAllConditions(
            decision => decision.Promote.ShouldBeFalse(), decision => decision.Reason.ShouldStartWith("It passed, but could not be put into use."));
    }

    [Fact]
    public async Task Given_AliasThatNamesOtherWeightsForTheVersion_When_Decided_Then_ItIsNotTakenForServing()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        var judge = new FakeJudge(promotes: false);
        var trainer = new FakeTrainer
        {
            Meanwhile = async (_, _) => await world.Storage.GetBlobContainerClient(Containers.Models).GetBlobClient(BlobPaths.CurrentModel).UploadAsync(
                new BinaryData(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new CurrentModel(run, new string('f', 64)), ModelsJson.Default.CurrentModel)), overwrite: true, Stop),
        };
        await world.DrainAsync(trainer, judge);
        ((await world.ReadAsync(run)).State, judge.Asked.Count).ShouldBe((TrainingRunState.Refused, 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Given_KilledBehindTheMove_When_GoneOnWith_Then_JudgedOnceMoreForTheReportAndEndedWhateverComesOfIt(bool fails)
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        var ended = await world.ReadAsync(run);
        await world.Storage.GetBlobContainerClient(Containers.TrainingRuns).GetBlobClient(BlobPaths.TrainingRun(run)).UploadAsync(
            new BinaryData(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
                ended with { State = TrainingRunState.Evaluating, Reason = null, Timeline = [.. ended.Timeline.SkipLast(1)] }, ContractsJson.Default.TrainingRunStatus)),
            overwrite: true, Stop);
        var judge = new FakeJudge(promotes: false) { Meanwhile = () => fails ? throw new IOException("broken") : Task.CompletedTask };
        world.Ask(run, 2);
        await world.DrainAsync(new FakeTrainer(), judge);

        judge.Asked.ShouldBe([(ChampionVersion, false)]);
        var again = await world.ReadAsync(run);
        (again.State, again.Reason).ShouldBe((TrainingRunState.Promoted, "Better."));
        (await world.Models.FindDecisionAsync(run, Stop)).ShouldNotBeNull().Promote.ShouldBeTrue();
    }

    [Fact]
    public async Task Given_FaultsOfATraining_When_Met_Then_FailedWithTheReasonAndNeverTriedAgain()
    {
        var world = await OpenAsync();
        var diverged = new FakeTrainer { Meanwhile = (_, _) => throw new TrainingDivergedException(3) };
        var ended = await world.ReadAsync(await world.DrainAfterRequestAsync(diverged, new FakeJudge(promotes: true)));
        (ended.State, diverged.Trained).ShouldBe((TrainingRunState.Failed, 1));
        var broken = new FakeTrainer { Meanwhile = (_, _) => throw new InvalidCastException("s1 of g1") };
        ended = await world.ReadAsync(await world.DrainAfterRequestAsync(broken, new FakeJudge(promotes: true)));
        (ended.State, ended.Reason, broken.Trained).ShouldBe((TrainingRunState.Failed, "It failed inside the program (InvalidCastException); the log of the job says more.", 1));
    }

    [Fact]
    public async Task Given_AliasThatIsDamagedInTraining_When_TheTrainingFails_Then_FailedForThat()
    {
        var world = await OpenAsync();
        var trainer = new FakeTrainer
        {
            Meanwhile = async (_, _) =>
            {
                await world.DamageAliasAsync();
                throw new TrainingDivergedException(3);
            },
        };
        var ended = await world.ReadAsync(await world.DrainAfterRequestAsync(trainer, new FakeJudge(promotes: true)));
        (ended.State, ended.Reason).ShouldBe((TrainingRunState.Failed, new TrainingDivergedException(3).Message));
    }

    [Theory]
    [InlineData(true, TrainingRunState.Promoted)]
    [InlineData(false, TrainingRunState.Failed)]
    public async Task Given_FaultOfTheProgramWhileTheRunEnds_When_TheAliasHasMovedOrNot_Then_TheEndSaysSo(bool promotes, TrainingRunState state)
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        world.BeforeEach("report.html", () => throw new InvalidCastException("broken"));
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes));

        ((await world.ReadAsync(run)).State, await world.ServedAsync()).ShouldBe((state, promotes ? run : ChampionVersion));
        world.Bus.Messages(Queues.TrainingRequests).ShouldBeEmpty();
        world.Bus.Messages(Queues.Alerts).Count.ShouldBe(promotes ? 2 : 1);
    }

    [Fact]
    public async Task Given_StorageOutage_When_Met_Then_WaitedOutUnderTheLock()
    {
        var world = await OpenAsync();
        var trainer = new FakeTrainer { Meanwhile = null };
        var flaky = new FlakyTrainer(trainer, failures: 3);
        var ended = await world.ReadAsync(await world.DrainAfterRequestAsync(flaky, new FakeJudge(promotes: true)));
        (ended.State, flaky.Tried, ended.Attempt).ShouldBe((TrainingRunState.Promoted, 4, 1));
    }

    private async Task<RetrainWorld> OpenAsync() => await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());

    private sealed class FlakyTrainer(FakeTrainer inner, int failures) : IChallengerTrainer
    {
        public int Tried { get; private set; }

        public Task<ModelFiles> TrainAsync(OwnedRun run, RunData learnt, CancellationToken stopping) =>
            ++Tried <= failures ? throw new HttpRequestException("out of reach") : inner.TrainAsync(run, learnt, stopping);
    }
}
