using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingRuns;
using static CtSeg.TrainingJob.Tests.Retraining.RetrainWorld;

namespace CtSeg.TrainingJob.Tests.Retraining;

[Collection(TorchCollection.Name)]
public sealed class RetrainShadowTests(AzuriteFixture azurite)
{
    private static readonly TrainingRunRequest WithShadow = new("test") { Promotion = FewGroups, Shadow = new ShadowTerms(Share: 0.5, Slices: 2, Hours: 1_000) };

    [Fact]
    public async Task Given_ShadowAskedFor_When_ItPasses_Then_TheRunWaitsWithoutAJobAndDecidesWithWhatWasSeen()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync(WithShadow);
        var (trainer, judge) = (new FakeTrainer(), new FakeJudge(promotes: true));
        await world.DrainAsync(trainer, judge);

        var waiting = await world.ReadAsync(run);
        (waiting.State, waiting.Beat).ShouldBe((TrainingRunState.Shadowing, null));
        world.Bus.Messages(Queues.TrainingRequests).ShouldBeEmpty();
        (await ShadowsOf(world).ReadAsync(Stop)).ShouldNotBeNull().Shadow.ShouldNotBeNull().ShouldSatisfyAllConditions(
            shadow => shadow.RunId.ShouldBe(run), shadow => shadow.Model.Version.ShouldBe(run), shadow => shadow.Share.ShouldBe(0.5));

        world.Ask(run, 2);
        await world.DrainAsync(trainer, judge);
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Shadowing);

        await StoreAsync(world, run, 2);
        world.Ask(run, 3);
        await world.DrainAsync(trainer, judge);
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Promoted);
        (await world.ServedAsync()).ShouldBe(run);
        (await ShadowsOf(world).ReadAsync(Stop)).ShouldBeNull();
        (trainer.Trained, judge.Asked.Last().HasShadow).ShouldBe((1, true));
        (await world.Models.FindDecisionAsync(run, Stop)).ShouldNotBeNull().Shadow.ShouldNotBeNull().Slices.ShouldBe(2);
    }

    [Fact]
    public async Task Given_LockedSetRefuses_When_ShadowAskedFor_Then_NoneIsStarted()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync(WithShadow);
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: false));
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Refused);
        (await ShadowsOf(world).ReadAsync(Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_ShadowEndedByHand_When_AskedAgain_Then_Refused()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync(WithShadow);
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        await ShadowsOf(world).StopAsync(run, Stop);
        world.Ask(run, 2);
        var judge = new FakeJudge(promotes: true);
        await world.DrainAsync(new FakeTrainer(), judge);
        var ended = await world.ReadAsync(run);
        (ended.State, ended.Reason).ShouldBe((TrainingRunState.Refused, "Its shadow was ended before it had seen enough."));
        (await world.ServedAsync()).ShouldBe(ChampionVersion);
        // Once more, for the pictures and intervals of the report.
        judge.Asked.ShouldBe([(ChampionVersion, false)]);
        (await world.Models.FindDecisionAsync(run, Stop)).ShouldNotBeNull().ShouldSatisfyAllConditions(
            decision => decision.Promote.ShouldBeFalse(), decision => decision.Reason.ShouldBe(ended.Reason), decision => decision.Overall.Passes.ShouldBeTrue());
        (await ReportAsync(world, run)).ShouldSatisfyAllConditions(
            report => report.ShouldContain("Champion and challenger on the locked set"), report => report.ShouldContain($"Refused: {run} is not proven better."));
    }

    [Fact]
    public async Task Given_ShadowThatLooksOn_When_TheRunIsEndedFromOutside_Then_CurvesScoresAndDecisionAreThere()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync(WithShadow with { Epochs = 1 });
        await world.DrainAsync(judge: new FakeJudge(promotes: true));
        (await world.Runs.CancelAsync(run, "x.", Stop)).ShouldBe(TrainingRunCancellation.Cancelled);

        (await world.ExistsAsync(Containers.TrainingRuns, BlobPaths.TrainingCheckpoint(run))).ShouldBeFalse();
        (await world.Models.FindDecisionAsync(run, Stop)).ShouldNotBeNull().ShouldSatisfyAllConditions(
            decision => decision.Promote.ShouldBeFalse(), decision => decision.Reason.ShouldBe("It passed on the locked set and waits for its shadow. Better."));
        (await world.ExistsAsync(Containers.Models, BlobPaths.ModelReport(run))).ShouldBeTrue();
        (await ReportAsync(world, run)).ShouldSatisfyAllConditions(
            report => report.ShouldContain($"Not ended when this was written: {run} looks on in shadow. {ChampionVersion} goes on serving."),
            report => report.ShouldContain("<h2>Training</h2>"),
            report => report.ShouldContain("<h2>Data</h2>"),
            report => report.ShouldContain("This is the first decision on this evaluation set."));
    }

    [Fact]
    public async Task Given_ErasureJustBeforeTheReportOfAShadow_When_Written_Then_TakenBackAndNobodyLooksOn()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync(WithShadow);
        var locked = await world.FirstGroupAsync(isLocked: true);
        world.Before($"training-runs/{run}/report.html", () => world.ForgetAsync(locked));
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));

        (await world.ReadAsync(run)).State.ShouldBeOneOf(TrainingRunState.Failed, TrainingRunState.Cancelled);
        (await ShadowsOf(world).ReadAsync(Stop)).ShouldBeNull();
        (await world.ExistsAsync(Containers.TrainingRuns, BlobPaths.TrainingReport(run))).ShouldBeFalse();
        (await world.ExistsAsync(Containers.Models, BlobPaths.ModelReport(run))).ShouldBeFalse();
    }

    // Ended by hand; its time over without a slice; two slices on which it agrees, or on none of whose pixels.
    [Theory]
    [InlineData(0, 9, true, true)]
    [InlineData(0, 9, false, true)]
    [InlineData(2, 9, false, true)]
    [InlineData(2, 0, false, false)]
    public async Task Given_RefusedForItsShadow_When_AskedAgain_Then_TriedAgainUnlessItFailedInShadow(int slices, long both, bool endedByHand, bool triedAgain)
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        // The time of a job that waits for more requests.
        var request = WithShadow with { Shadow = WithShadow.Shadow! with { Hours = endedByHand ? 1_000 : 0.01 } };
        var run = await world.RequestAsync(request);
        var (trainer, judge) = (new FakeTrainer(), new FakeJudge(promotes: true) { ShadowObjection = "In shadow it saw only so many slices." });
        await world.DrainAsync(trainer, judge);
        await StoreAsync(world, run, slices, both: both);
        if (endedByHand)
            await ShadowsOf(world).StopAsync(run, Stop);
        world.Ask(run, 2);
        await world.DrainAsync(trainer, judge);
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Refused);

        var again = await world.RequestAsync(request);
        await world.DrainAsync(trainer, judge);
        ((await world.ReadAsync(again)).State, trainer.Trained).ShouldBe(triedAgain ? (TrainingRunState.Shadowing, 2) : (TrainingRunState.Skipped, 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Given_CancelOrErasureDuringTheComparison_When_AShadowIsAskedFor_Then_TheRunEndsAndNobodyLooksOn(bool isErasure)
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync(WithShadow);
        var learnt = await world.FirstGroupAsync(isLocked: false);
        var judge = new FakeJudge(promotes: true)
        {
            Meanwhile = async () =>
            {
                if (isErasure)
                    await world.ForgetAsync(learnt);
                else
                    (await world.Runs.CancelAsync(run, "x", Stop)).ShouldBe(TrainingRunCancellation.Asked);
            },
        };
        await world.DrainAsync(new FakeTrainer(), judge);
        (await world.ReadAsync(run)).State.ShouldBeOneOf(isErasure ? [TrainingRunState.Failed, TrainingRunState.Cancelled] : [TrainingRunState.Cancelled]);
        (await ShadowsOf(world).ReadAsync(Stop)).ShouldBeNull();
        (await world.Runs.FindActiveAsync(Stop)).ShouldBeNull();
    }

    // Before the state is noted, and before the run is given back.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Given_CancelAtTheLastMoment_When_TheShadowLooksOn_Then_CancelledAndItLooksOnNoMore(bool looksOnAlready)
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync(WithShadow);
        if (looksOnAlready)
        {
            await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
            world.Ask(run, 2);
        }
        var answer = TrainingRunCancellation.Unknown;
        world.BeforeEach($"{run}.json", async () =>
        {
            var status = await world.ReadAsync(run);
            if (status is { CancelRequested: false, Beat: not null, HasEnded: false } && await ShadowsOf(world).ReadAsync(Stop) is { Shadow: not null })
                answer = await world.Runs.CancelAsync(run, "x", Stop);
        });
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));

        answer.ShouldBe(TrainingRunCancellation.Asked);
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Cancelled);
        (await ShadowsOf(world).ReadAsync(Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_KilledAfterTheShadowWasStopped_When_AskedAgain_Then_ItStillCountsAsSeenEnough()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        var run = await world.RequestAsync(WithShadow);
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        await StoreAsync(world, run, 2);
        await ShadowsOf(world).StopAsync(run, Stop);
        world.Ask(run, 2);
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Promoted);
    }

    private static ShadowStore ShadowsOf(RetrainWorld world) => new(world.Storage, world.Time);

    [Fact]
    public async Task Given_AnotherChampionMeanwhile_When_AskedAgain_Then_OnlyWhatWasSeenBesideItCountsAndTheShadowGoesOn()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        await world.PublishAsync("rival", seed: 4, new TrainedOn("rival", null, [], []));
        var run = await world.RequestAsync(WithShadow);
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        await StoreAsync(world, run, 2);
        await world.MoveAliasAsync("rival");
        await StoreAsync(world, run, 1, "rival", first: 2);
        world.Ask(run, 2);
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Shadowing);
        (await ShadowsOf(world).ReadAsync(Stop)).ShouldNotBeNull();

        await StoreAsync(world, run, 1, "rival", first: 3);
        world.Ask(run, 3);
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Promoted);
        (await world.Models.FindDecisionAsync(run, Stop)).ShouldNotBeNull().Shadow.ShouldNotBeNull().Slices.ShouldBe(2);
    }

    [Fact]
    public async Task Given_LostRaceAfterTheShadow_When_DecidedAnew_Then_TheShadowGoesOnBesideTheNewChampion()
    {
        var world = await RetrainWorld.OpenAsync(await azurite.NewAccountAsync());
        await world.PublishAsync("rival", seed: 4, new TrainedOn("rival", null, [], []));
        var run = await world.RequestAsync(WithShadow);
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true));
        await StoreAsync(world, run, 2);
        world.Ask(run, 2);
        await world.DrainAsync(new FakeTrainer(), new FakeJudge(promotes: true) { Meanwhile = () => world.MoveAliasAsync("rival") });

        (await world.ReadAsync(run)).State.ShouldBe(TrainingRunState.Shadowing);
        (await ShadowsOf(world).ReadAsync(Stop)).ShouldNotBeNull().Shadow.ShouldNotBeNull().RunId.ShouldBe(run);
        (await world.Models.FindDecisionAsync(run, Stop)).ShouldNotBeNull().ShouldSatisfyAllConditions(
            decision => decision.Promote.ShouldBeFalse(), decision => decision.Reason.ShouldBe("It passed, but another model was put into use first."));
        (await world.ServedAsync()).ShouldBe("rival");
    }

    private static async Task<string> ReportAsync(RetrainWorld world, string run) =>
        (await world.Storage.GetBlobContainerClient(Containers.TrainingRuns).GetBlobClient(BlobPaths.TrainingReport(run)).DownloadContentAsync(Stop)).Value.Content.ToString();

    private static async Task StoreAsync(RetrainWorld world, string run, int count, string champion = ChampionVersion, int first = 0, long both = 9)
    {
        var results = new ShadowResultStore(world.Storage);
        var (served, challenger) = (await ReferenceAsync(world, champion), await ReferenceAsync(world, run));
        for (var n = first; n < first + count; n++)
            await results.TryStoreAsync(
                new ShadowResult(ScanId.Parse($"{n:x16}"), run, served, challenger, [], world.Time.GetUtcNow().UtcDateTime) { Overall = new ClassDisagreement(ShadowResult.Infection, 10, 10, both) }, Stop);
    }

    private static async Task<ModelReference> ReferenceAsync(RetrainWorld world, string version) =>
        new(version, (await world.Models.FindAsync(version, Stop)).ShouldNotBeNull().WeightsSha256);
}
