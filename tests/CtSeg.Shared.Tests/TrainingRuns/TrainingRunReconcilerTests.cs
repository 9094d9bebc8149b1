using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.Testing;
using CtSeg.TrainingRuns;
using static CtSeg.Shared.Tests.TrainingRuns.RunWorld;

namespace CtSeg.Shared.Tests.TrainingRuns;

public sealed class TrainingRunReconcilerTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Overdue = Age + TimeSpan.FromTicks(1);
    private static readonly ServedModel Champion = new("2026.2", new string('b', 64));
    private static readonly ServedModel Challenger = new("20261127-020000-1a2b3c", new string('a', 64));

    [Fact]
    public async Task Given_NothingUnderWay_When_Looked_Then_Nothing()
    {
        var world = await OpenAsync();
        (await LookAsync(world)).ShouldSatisfyAllConditions(o => o.AskAgain.ShouldBeEmpty(), o => o.Ended.ShouldBeEmpty(), o => o.Damaged.ShouldBeEmpty());
    }

    [Fact]
    public async Task Given_LostRequest_When_Overdue_Then_AskedAgainOnceInAWhile()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        world.Clock.Advance(Age);
        (await LookAsync(world)).AskAgain.ShouldBeEmpty();
        world.Clock.Advance(TimeSpan.FromTicks(1));
        (await LookAsync(world)).AskAgain.Single().ShouldSatisfyAllConditions(r => r.Id.ShouldBe(run.Id), r => r.Attempt.ShouldBe(2));
        (await LookAsync(world)).AskAgain.ShouldBeEmpty();
        world.Clock.Advance(Overdue);
        (await LookAsync(world)).AskAgain.Single().Attempt.ShouldBe(3);
    }

    [Fact]
    public async Task Given_JobThatBeats_When_Looked_Then_LeftAloneAndAskedForWhenItIsGone()
    {
        var world = await OpenAsync();
        var run = await world.ClaimedAsync();
        for (var minute = 0; minute < 30; minute++)
        {
            world.Clock.Advance(TimeSpan.FromMinutes(1));
            await world.Runs.ChangeOwnAsync(run.Id, Owner, r => r.Entered(TrainingRunState.Training, world.Now), Stop);
        }
        (await LookAsync(world)).AskAgain.ShouldBeEmpty();
        world.Clock.Advance(Overdue);
        (await LookAsync(world)).AskAgain.Single().Id.ShouldBe(run.Id);
    }

    [Fact]
    public async Task Given_RunWithoutDocument_When_Overdue_Then_CompletedAndAskedFor()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        await world.Container.GetBlobClient(BlobPaths.TrainingRun(run.Id)).DeleteAsync(cancellationToken: Stop);
        world.Clock.Advance(Overdue);
        (await LookAsync(world)).AskAgain.Single().Id.ShouldBe(run.Id);
    }

    [Fact]
    public async Task Given_TooManyAttempts_When_Overdue_Then_FailedOnce()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        await world.Runs.ChangeAsync(run.Id, r => r with { Attempt = 100 }, Stop);
        world.Clock.Advance(Overdue);
        var ended = (await LookAsync(world)).Ended.Single();
        (ended.State, ended.Reason).ShouldBe((TrainingRunState.Failed, "It was asked for 100 times and no job brought it to an end."));
        (await LookAsync(world)).Ended.ShouldBeEmpty();
        (await world.Runs.RequestAsync(Request, Stop)).IsNew.ShouldBeTrue();
    }

    // By the alias, or by a note; one that is only intended was not made.
    [Theory]
    [InlineData(null, false, true)]
    [InlineData("intended", false, true)]
    [InlineData("done", false, false)]
    [InlineData(null, true, false)]
    public async Task Given_TooManyAttempts_When_TheRunNotesAMove_Then_FailedUnlessItWasMade(string? note, bool serves, bool fails)
    {
        const string Move = "0011223344556677";
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        await world.Runs.ChangeAsync(run.Id, r => r with { Attempt = 100, AliasMoveId = Move, Challenger = Challenger.Version }, Stop);
        await WriteAliasAsync(world, serves ? Challenger : Champion, serves ? Move : "7766554433221100");
        if (note is not null)
            await world.Storage.GetBlobContainerClient(Containers.Audit).GetBlobClient(BlobPaths.AliasMove(world.Now, Move, note)).UploadAsync(
                new BinaryData(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
                    new AliasMove(Move, AliasMoveKind.Promotion, Challenger, run.Id, "Better.", world.Now) { After = "7766554433221100" }, ModelsJson.Default.AliasMove)), Stop);
        world.Clock.Advance(Overdue);

        var outcome = await LookAsync(world);

        outcome.Ended.Select(ended => (ended.State, ended.AliasMoveId)).ShouldBe(fails ? [(TrainingRunState.Failed, null)] : []);
        (await world.ReadAsync(run.Id)).AliasMoveId.ShouldBe(fails ? null : Move);
        outcome.AskAgain.Count.ShouldBe(fails ? 0 : 1);
    }

    [Fact]
    public async Task Given_EndKilledHalfWay_When_Looked_Then_CheckpointAndActiveAreRemoved()
    {
        var world = await OpenAsync();
        var run = await world.ClaimedAsync();
        await world.Runs.Checkpoints.TryReplaceAsync(run.Id, Owner, new BinaryData("x"), last: null, Stop);
        await world.Runs.ChangeAsync(run.Id, r => r.Ended(TrainingRunState.Refused, "x.", world.Now), Stop);
        await LookAsync(world);
        (await world.ExistsAsync(BlobPaths.TrainingCheckpoint(run.Id))).ShouldBeFalse();
        (await world.ExistsAsync(BlobPaths.ActiveTrainingRun)).ShouldBeFalse();
        // A job that was cut off for long writes its checkpoint after the end.
        await world.Runs.Checkpoints.TryReplaceAsync(run.Id, Owner, new BinaryData("late"), last: null, Stop);
        await LookAsync(world);
        (await world.ExistsAsync(BlobPaths.TrainingCheckpoint(run.Id))).ShouldBeFalse();
    }

    [Fact]
    public async Task Given_RunThatIsNotTheActiveOne_When_Looked_Then_Failed()
    {
        var world = await OpenAsync();
        var first = await world.RequestAsync();
        await world.Container.GetBlobClient(BlobPaths.ActiveTrainingRun).DeleteAsync(cancellationToken: Stop);
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = await world.RequestAsync();
        (await LookAsync(world)).Ended.Single().Id.ShouldBe(first.Id);
        (await world.Runs.FindActiveAsync(Stop)).ShouldNotBeNull().Id.ShouldBe(second.Id);
    }

    [Fact]
    public async Task Given_DamagedDocument_When_Looked_Then_ToldAndTheRestGoesOn()
    {
        var world = await OpenAsync();
        await world.WriteAsync("20261126-020000-1a2b3c.json", "{");
        var run = await world.RequestAsync();
        world.Clock.Advance(Overdue);
        var outcome = await LookAsync(world);
        outcome.Damaged.Single().ShouldContain("training-runs/20261126-020000-1a2b3c.json");
        outcome.AskAgain.Single().Id.ShouldBe(run.Id);
    }

    [Fact]
    public async Task Given_ShadowThatLooksOn_When_Looked_Then_LeftAlone()
    {
        var (world, run) = await ShadowingAsync();
        await StoreResultsAsync(world, run.Id, 2);
        world.Clock.Advance(TimeSpan.FromHours(1));
        (await LookAsync(world)).AskAgain.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("seen enough")]
    [InlineData("time over")]
    [InlineData("stopped")]
    [InlineData("replaced")]
    public async Task Given_ShadowThatIsOver_When_Looked_Then_AskedForAtOnceAndOnce(string why)
    {
        var (world, run) = await ShadowingAsync();
        var shadows = new ShadowStore(world.Storage, world.Clock);
        switch (why)
        {
            case "seen enough":
                await StoreResultsAsync(world, run.Id, 3);
                break;
            case "time over":
                world.Clock.Advance(TimeSpan.FromHours(2));
                break;
            case "stopped":
                (await shadows.StopAsync(run.Id, Stop)).ShouldBeTrue();
                break;
            default:
                await shadows.StopAsync(run.Id, Stop);
                (await shadows.StartAsync(new ShadowModel(Challenger, 1, "20261127-010000-1a2b3c", world.Now, world.Now.AddDays(1)), Stop)).ShouldBeTrue();
                break;
        }
        (await LookAsync(world)).AskAgain.Single().Attempt.ShouldBe(2);
        (await LookAsync(world)).AskAgain.ShouldBeEmpty();
        world.Clock.Advance(Overdue);
        (await LookAsync(world)).AskAgain.Single().Attempt.ShouldBe(3);
    }

    [Fact]
    public async Task Given_RunToBeCancelledThatNobodyWorksOn_When_ItsShadowLooksOn_Then_AskedForAtOnceAndOnce()
    {
        var (world, run) = await ShadowingAsync();
        await world.Runs.ChangeAsync(run.Id, r => r with { CancelRequested = true }, Stop);
        (await LookAsync(world)).AskAgain.Single().Attempt.ShouldBe(2);
        (await LookAsync(world)).AskAgain.ShouldBeEmpty();
        world.Clock.Advance(Overdue);
        (await LookAsync(world)).AskAgain.Single().Attempt.ShouldBe(3);
    }

    [Fact]
    public async Task Given_ShadowOfAnEndedRun_When_Looked_Then_Stopped()
    {
        var (world, run) = await ShadowingAsync();
        await world.Runs.CancelAsync(run.Id, "x.", Stop);
        await LookAsync(world);
        (await new ShadowStore(world.Storage, world.Clock).ReadAsync(Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Given_ResultsBesideAModelThatServedBefore_When_Looked_Then_TheyDoNotCount()
    {
        var (world, run) = await ShadowingAsync();
        await StoreResultsAsync(world, run.Id, 3, new ServedModel("2026.1", new string('f', 64)));
        (await LookAsync(world)).AskAgain.ShouldBeEmpty();
        await StoreResultsAsync(world, run.Id, 3, Champion, first: 3);
        (await LookAsync(world)).AskAgain.ShouldHaveSingleItem();
    }

    private static async Task StoreResultsAsync(RunWorld world, string run, int count, ServedModel? champion = null, int first = 0)
    {
        var (served, challenger) = (champion ?? Champion, Challenger);
        for (var n = first; n < first + count; n++)
            (await new ShadowResultStore(world.Storage).TryStoreAsync(
                new ShadowResult(
                    ScanId.Parse($"{n:x16}"), run, new ModelReference(served.Version, served.WeightsSha256), new ModelReference(challenger.Version, challenger.WeightsSha256),
                    [], world.Now), Stop)).ShouldBeTrue();
    }

    private async Task<(RunWorld World, TrainingRunStatus Run)> ShadowingAsync()
    {
        var world = await OpenAsync();
        var (run, _) = await world.Runs.RequestAsync(Request with { Shadow = new ShadowTerms(Slices: 3, Hours: 2) }, Stop);
        await world.Runs.ClaimAsync(run.Id, Owner, Stop);
        await new ShadowStore(world.Storage, world.Clock).StartAsync(new ShadowModel(Challenger, 1, run.Id, world.Now, world.Now.AddHours(2)), Stop);
        await world.Runs.ReleaseAsync(run.Id, Owner, r => r.Entered(TrainingRunState.Shadowing, world.Now), Stop);
        await WriteAliasAsync(world, Champion, move: null);
        return (world, await world.ReadAsync(run.Id));
    }

    private static async Task WriteAliasAsync(RunWorld world, ServedModel serves, string? move) =>
        await world.Storage.GetBlobContainerClient(Containers.Models).GetBlobClient(BlobPaths.CurrentModel).UploadAsync(
            new BinaryData(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
                new CurrentModel(serves.Version, serves.WeightsSha256) { MoveId = move }, ModelsJson.Default.CurrentModel)), Stop);

    private static Task<TrainingRunsOutcome> LookAsync(RunWorld world) =>
        new TrainingRunReconciler(world.Storage, world.Runs, new TrainingRunPolicy(Age, MaxAttempts: 100), world.Clock).ReconcileAsync(Stop);

    private async Task<RunWorld> OpenAsync() => new(await azurite.NewAccountAsync());
}
