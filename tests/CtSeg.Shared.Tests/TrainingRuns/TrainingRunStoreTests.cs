using Azure;
using CtSeg.Contracts;
using CtSeg.Testing;
using CtSeg.TrainingRuns;
using static CtSeg.Shared.Tests.TrainingRuns.RunWorld;

namespace CtSeg.Shared.Tests.TrainingRuns;

public sealed class TrainingRunStoreTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Given_NoRun_When_Asked_Then_OneIsMadeAndActive()
    {
        var world = await OpenAsync();
        var (run, isNew) = await world.Runs.RequestAsync(Request, Stop);
        (isNew, run.State, run.Attempt, run.Request).ShouldBe((true, TrainingRunState.Requested, 1, Request));
        run.Id.ShouldStartWith("20261127-020000-");
        TrainingRunId.IsValid(run.Id).ShouldBeTrue();
        (await world.Runs.FindActiveAsync(Stop)).ShouldNotBeNull().Id.ShouldBe(run.Id);
        (await world.ReadAsync(run.Id)).Timeline.ShouldBe([new TrainingRunStep(TrainingRunState.Requested, world.Now)]);
    }

    [Fact]
    public async Task Given_RunUnderWay_When_AskedAgain_Then_AnsweredWithTheFirst()
    {
        var world = await OpenAsync();
        var first = await world.RequestAsync();
        world.Clock.Advance(TimeSpan.FromHours(1));
        var (second, isNew) = await world.Runs.RequestAsync(new TrainingRunRequest("api"), Stop);
        (second.Id, isNew, second.Request.By).ShouldBe((first.Id, false, "command"));
        (await world.ListAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Given_ManyAtOnce_When_Asked_Then_OneRunAndAllKnowIt()
    {
        var world = await OpenAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => world.Runs.RequestAsync(Request, Stop)));
        answers.Count(answer => answer.IsNew).ShouldBe(1);
        answers.Select(answer => answer.Run.Id).Distinct().Count().ShouldBe(1);
        (await world.ListAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Given_MakerKilledBeforeTheDocument_When_AskedAgain_Then_TheSameRunIsCompleted()
    {
        var world = await OpenAsync();
        var first = await world.RequestAsync();
        await world.Container.GetBlobClient(BlobPaths.TrainingRun(first.Id)).DeleteAsync(cancellationToken: Stop);
        world.Clock.Advance(TimeSpan.FromHours(1));
        var (second, isNew) = await world.Runs.RequestAsync(new TrainingRunRequest("api"), Stop);
        (second.Id, isNew, second.Request, second.Timeline[0].Time).ShouldBe((first.Id, false, Request, first.Timeline[0].Time));
    }

    [Fact]
    public async Task Given_EnderKilledBeforeTheRest_When_Asked_Then_TidiedAndANewRun()
    {
        var world = await OpenAsync();
        var first = await world.ClaimedAsync();
        await world.Runs.Checkpoints.TryReplaceAsync(first.Id, Owner, new BinaryData("x"), last: null, Stop);
        // Ended, and killed before checkpoint and active.json were removed.
        await world.Runs.ChangeAsync(first.Id, run => run.Ended(TrainingRunState.Skipped, "Nothing new.", world.Now), Stop);

        var (second, isNew) = await world.Runs.RequestAsync(Request, Stop);

        isNew.ShouldBeTrue();
        second.Id.ShouldNotBe(first.Id);
        (await world.ExistsAsync(BlobPaths.TrainingCheckpoint(first.Id))).ShouldBeFalse();
        (await world.Runs.FindActiveAsync(Stop)).ShouldNotBeNull().Id.ShouldBe(second.Id);
    }

    [Fact]
    public async Task Given_DamagedDocumentOfTheActiveRun_When_Asked_Then_ItDoesNotStandInTheWay()
    {
        var world = await OpenAsync();
        var first = await world.RequestAsync();
        await world.WriteAsync(BlobPaths.TrainingRun(first.Id), "{");
        (await world.Runs.RequestAsync(Request, Stop)).IsNew.ShouldBeTrue();
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"runId":"../status","since":"2026-11-27T02:00:00Z","request":{"by":"api"},"version":1}""")]
    public async Task Given_DamagedActive_When_Asked_Then_TheRunThatHasNotEndedIsFoundAgain(string damage)
    {
        var world = await OpenAsync();
        var first = await world.RequestAsync();
        await world.WriteAsync(BlobPaths.ActiveTrainingRun, damage);
        var (second, isNew) = await world.Runs.RequestAsync(Request, Stop);
        (second.Id, isNew).ShouldBe((first.Id, false));
    }

    [Fact]
    public async Task Given_FreshBeat_When_AnotherClaims_Then_KeptOff()
    {
        var world = await OpenAsync();
        var run = await world.ClaimedAsync();
        world.Clock.Advance(world.Runs.StaleAfter - TimeSpan.FromTicks(1));
        var (claim, held) = await world.Runs.ClaimAsync(run.Id, Other, Stop);
        (claim, held!.Beat!.Owner).ShouldBe((TrainingRunClaim.Held, Owner));
        (await world.Runs.ClaimAsync(run.Id, Owner, Stop)).Claim.ShouldBe(TrainingRunClaim.Claimed);
    }

    [Fact]
    public async Task Given_OldBeat_When_AnotherClaims_Then_TakenOverAndTheFormerOwnerNotices()
    {
        var world = await OpenAsync();
        var run = await world.ClaimedAsync();
        world.Clock.Advance(world.Runs.StaleAfter);
        (await world.Runs.ClaimAsync(run.Id, Other, Stop)).Claim.ShouldBe(TrainingRunClaim.Claimed);

        await Should.ThrowAsync<TrainingRunLostException>(() => world.Runs.ChangeOwnAsync(run.Id, Owner, null, Stop));
        await Should.ThrowAsync<TrainingRunLostException>(() => world.Runs.ChangeOwnAsync(run.Id, Owner, r => r with { Champion = "x" }, Stop));
        await Should.ThrowAsync<TrainingRunLostException>(() => world.Runs.EndOwnAsync(run.Id, Owner, r => r.Ended(TrainingRunState.Failed, "x", world.Now), Stop));
        await world.Runs.ReleaseAsync(run.Id, Owner, null, Stop);
        var left = await world.ReadAsync(run.Id);
        (left.Beat!.Owner, left.Champion, left.HasEnded).ShouldBe((Other, null, false));
    }

    [Fact]
    public async Task Given_OldBeat_When_ManyClaim_Then_OneHasIt()
    {
        var world = await OpenAsync();
        var run = await world.ClaimedAsync();
        world.Clock.Advance(world.Runs.StaleAfter);
        var claims = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => world.Runs.ClaimAsync(run.Id, $"owner{n}", Stop)));
        claims.Count(claim => claim.Claim == TrainingRunClaim.Claimed).ShouldBe(1);
        claims.Count(claim => claim.Claim == TrainingRunClaim.Held).ShouldBe(5);
    }

    [Fact]
    public async Task Given_Beats_When_TimePasses_Then_TheOwnerKeepsTheRun()
    {
        var world = await OpenAsync();
        var run = await world.ClaimedAsync();
        for (var minute = 0; minute < 5; minute++)
        {
            world.Clock.Advance(TimeSpan.FromMinutes(1));
            await world.Runs.ChangeOwnAsync(run.Id, Owner, null, Stop);
        }
        (await world.Runs.ClaimAsync(run.Id, Other, Stop)).Claim.ShouldBe(TrainingRunClaim.Held);
        await world.Runs.ReleaseAsync(run.Id, Owner, null, Stop);
        (await world.Runs.ClaimAsync(run.Id, Other, Stop)).Claim.ShouldBe(TrainingRunClaim.Claimed);
    }

    [Fact]
    public async Task Given_ManyWriters_When_AllChange_Then_NoChangeIsLost()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => world.Runs.ChangeAsync(run.Id, r => r.RequestedAgain(world.Now), Stop)));
        (await world.ReadAsync(run.Id)).Attempt.ShouldBe(6);
    }

    [Fact]
    public async Task Given_ManyEnds_When_AtOnce_Then_ExactlyOneTerminalState()
    {
        var world = await OpenAsync();
        var run = await world.ClaimedAsync();
        await world.Runs.Checkpoints.TryReplaceAsync(run.Id, Owner, new BinaryData("x"), last: null, Stop);
        TrainingRunState[] ends = [TrainingRunState.Failed, TrainingRunState.Cancelled, TrainingRunState.Skipped];
        var found = await Task.WhenAll(ends.Select(end => world.Runs.EndAsync(run.Id, end, "x.", Stop)));

        var ended = await world.ReadAsync(run.Id);
        found.ShouldAllBe(answer => answer!.State == ended.State);
        ended.Timeline.Count(step => step.State >= TrainingRunState.Promoted).ShouldBe(1);
        (ended.HasEnded, ended.Beat, ended.Reason).ShouldBe((true, null, "x."));
        (await world.ExistsAsync(BlobPaths.TrainingCheckpoint(run.Id))).ShouldBeFalse();
        (await world.ExistsAsync(BlobPaths.ActiveTrainingRun)).ShouldBeFalse();
        await Should.ThrowAsync<TrainingRunLostException>(() => world.Runs.ChangeOwnAsync(run.Id, Owner, null, Stop));
        (await world.Runs.ClaimAsync(run.Id, Owner, Stop)).Claim.ShouldBe(TrainingRunClaim.Ended);
    }

    [Fact]
    public async Task Given_EndOfAnOlderRun_When_Tidied_Then_TheActiveOneStays()
    {
        var world = await OpenAsync();
        var first = await world.RequestAsync();
        await world.Runs.EndAsync(first.Id, TrainingRunState.Failed, "x.", Stop);
        var second = await world.RequestAsync();
        await world.Runs.TidyAsync(first.Id, Stop);
        (await world.Runs.FindActiveAsync(Stop)).ShouldNotBeNull().Id.ShouldBe(second.Id);
    }

    [Fact]
    public async Task Given_NobodyWorks_When_Cancelled_Then_EndedAtOnce()
    {
        var world = await OpenAsync();
        var run = await world.RequestAsync();
        (await world.Runs.CancelAsync(run.Id, "Cancelled by hand.", Stop)).ShouldBe(TrainingRunCancellation.Cancelled);
        (await world.ReadAsync(run.Id)).State.ShouldBe(TrainingRunState.Cancelled);
        (await world.Runs.FindActiveAsync(Stop)).ShouldBeNull();
        (await world.Runs.CancelAsync(run.Id, "x", Stop)).ShouldBe(TrainingRunCancellation.HadEnded);
        (await world.Runs.CancelAsync("20261127-020000-000000", "x", Stop)).ShouldBe(TrainingRunCancellation.Unknown);
    }

    [Fact]
    public async Task Given_JobWorks_When_Cancelled_Then_TheJobIsAskedAndAGoneOneIsNotWaitedFor()
    {
        var world = await OpenAsync();
        var run = await world.ClaimedAsync();
        (await world.Runs.CancelAsync(run.Id, "x.", Stop)).ShouldBe(TrainingRunCancellation.Asked);
        (await world.Runs.ChangeOwnAsync(run.Id, Owner, null, Stop)).ShouldSatisfyAllConditions(
            r => r.CancelRequested.ShouldBeTrue(), r => r.HasEnded.ShouldBeFalse());
        world.Clock.Advance(world.Runs.StaleAfter);
        (await world.Runs.CancelAsync(run.Id, "x.", Stop)).ShouldBe(TrainingRunCancellation.Cancelled);
    }

    [Fact]
    public async Task Given_AliasAboutToMove_When_CancelledOrEnded_Then_TooLate()
    {
        var world = await OpenAsync();
        var run = await world.ClaimedAsync();
        await world.Runs.ChangeOwnAsync(run.Id, Owner, r => r with { AliasMoveId = "0011223344556677" }, Stop);
        (await world.Runs.CancelAsync(run.Id, "x.", Stop)).ShouldBe(TrainingRunCancellation.TooLate);
        (await world.Runs.EndAsync(run.Id, TrainingRunState.Failed, "x.", Stop)).ShouldNotBeNull().HasEnded.ShouldBeFalse();
        (await world.Runs.EndOwnAsync(run.Id, Owner, r => r.Ended(TrainingRunState.Promoted, "Better.", world.Now), Stop)).State.ShouldBe(TrainingRunState.Promoted);
    }

    [Fact]
    public async Task Given_Runs_When_Listed_Then_NewestFirstAndDamageIsToldAndHidesNone()
    {
        var world = await OpenAsync();
        var ids = new List<string>();
        for (var n = 0; n < 3; n++)
        {
            var run = await world.RequestAsync();
            await world.Runs.EndAsync(run.Id, TrainingRunState.Skipped, "x.", Stop);
            await world.WriteAsync(BlobPaths.ShadowResults(run.Id) + "0011223344556677.json", "{}");
            ids.Insert(0, run.Id);
            world.Clock.Advance(TimeSpan.FromSeconds(1));
        }
        await world.WriteAsync("note.json", "{}");
        await world.WriteAsync(BlobPaths.TrainingRun(ids[1]), """{"id":"20261127-020000-aaaaaa"}""");

        var listed = await world.ListAsync();

        listed.Select(run => run.Id).ShouldBe(ids);
        listed.Select(run => run.Run is null).ShouldBe([false, true, false]);
        listed[1].Problem.ShouldNotBeNull().ShouldContain($"training-runs/{ids[1]}.json cannot be read");
        (await world.ListAsync(limit: 1)).Single().Id.ShouldBe(ids[0]);
        await Should.ThrowAsync<DamagedTrainingRunException>(() => world.Runs.FindAsync(ids[1], Stop));
    }

    [Theory]
    [InlineData("20261127-020000-1a2b3c", true)]
    [InlineData("20261127-020000-1A2B3C", false)]
    [InlineData("20261327-020000-1a2b3c", false)]
    [InlineData("20261127-020000-1a2b3", false)]
    [InlineData("20261127-020000_1a2b3c", false)]
    [InlineData("../1127-020000-1a2b3c", false)]
    [InlineData("active", false)]
    [InlineData(null, false)]
    public void Given_Text_When_Checked_Then_OnlyIdsPass(string? text, bool valid) => TrainingRunId.IsValid(text).ShouldBe(valid);

    [Fact]
    public async Task Given_NoContainer_When_Asked_Then_AFaultAndNotAnUnknownRun()
    {
        var world = await OpenAsync();
        await world.Container.DeleteAsync(cancellationToken: Stop);
        await Should.ThrowAsync<RequestFailedException>(() => world.Runs.RequestAsync(Request, Stop));
        await Should.ThrowAsync<RequestFailedException>(() => world.Runs.FindAsync("20261127-020000-1a2b3c", Stop));
    }

    private async Task<RunWorld> OpenAsync() => new(await azurite.NewAccountAsync());
}
