using System.Globalization;
using System.Net;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Testing;

namespace CtSeg.Functions.Tests;

public sealed class ReconcileScansTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Overdue = OverdueAt(1);

    [Theory]
    [InlineData("timer.json")]
    [InlineData("timer-first.json")]
    [InlineData("timer-retry.json")]
    public async Task Given_NothingOverdue_When_TimerFires_Then_NothingIsSent(string fixture)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.LeaveAsync(Asked(handler, Samples.Scan, 1));
        handler.Clock.Advance(TimeSpan.FromMinutes(10));

        (await handler.PostAsync("ReconcileScans", Handler.Fixture(fixture))).Body
            .ShouldBe("""{"Outputs":{},"Logs":["asked again for 0, gave up 0, completed 0"],"ReturnValue":null}""");
    }

    [Fact]
    public async Task Given_OverdueScans_When_TimerFires_Then_EachMovesOn()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("MaxSegmentationAttempts", "4"));
        var (waiting, working, usedUp, done, received, failed) = (Id(1), Id(2), Id(3), Id(4), Id(5), Id(6));
        await handler.LeaveAsync(Asked(handler, waiting, 1));
        await handler.LeaveAsync(Asked(handler, working, 2).Segmenting(handler.Now));
        await handler.LeaveAsync(Asked(handler, usedUp, 4));
        await handler.LeaveAsync(Asked(handler, done, 2).Segmenting(handler.Now));
        await handler.LeaveAsync(ScanStatus.Received(received, "a.png", handler.Now));
        await handler.LeaveAsync(Asked(handler, failed, 1).Failed(CtSeg.Recovery.Failures.Poisoned, handler.Now));
        var picture = new BinaryData("x"u8.ToArray());
        await handler.Blobs.TryStoreResultAsync(Samples.Metrics(done, 2), picture, picture, Handler.Stop);
        handler.Clock.Advance(OverdueAt(4));

        var outputs = (await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"))).ShouldBeDone().Outputs;

        IdsOf(outputs.GetProperty("requests")).ShouldBe([$"{waiting}-2", $"{working}-3"]);
        var ended = outputs.GetProperty("ended");
        IdsOf(ended).ShouldBe([$"{usedUp}-4", $"{done}-2"]);
        ended.EnumerateArray().Select(e => e.GetProperty("type").GetString())
            .ShouldBe(["ctseg.segmentation.failed.v1", "ctseg.segmentation.completed.v1"]);
        outputs.EnumerateObject().SelectMany(output => output.Value.EnumerateArray()).Select(e => e.GetProperty("time").GetString())
            .ShouldAllBe(time => time == "2026-11-23T16:32:05.0000001Z");
        (await handler.StatusOfAsync(waiting)).ShouldSatisfyAllConditions(s => s.State.ShouldBe(ScanState.Preprocessed), s => s.Attempt.ShouldBe(2));
        (await handler.StatusOfAsync(working)).ShouldSatisfyAllConditions(s => s.State.ShouldBe(ScanState.Preprocessed), s => s.Attempt.ShouldBe(3));
        (await handler.StatusOfAsync(usedUp)).Failure.ShouldNotBeNull().Reason.ShouldBe(FailureReason.GaveUp);
        (await handler.StatusOfAsync(done)).State.ShouldBe(ScanState.Completed);
        (await handler.StatusOfAsync(received)).State.ShouldBe(ScanState.Received);
        (await handler.StatusOfAsync(failed)).Timeline.Count.ShouldBe(3);
        (await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"))).ShouldSendNothing();
    }

    [Fact]
    public async Task Given_AReplayedScanWithAllItsAttemptsUsedUp_When_Overdue_Then_ItIsAskedForAsOftenAsANewOne()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("MaxSegmentationAttempts", "4"));
        var dead = Asked(handler, Samples.Scan, 4).Failed(CtSeg.Recovery.Failures.GaveUp(4), handler.Now);
        await handler.LeaveAsync(dead.Replayed($"{Samples.Scan}-4", handler.Now));
        for (var attempt = 6; attempt <= 8; attempt++)
        {
            handler.Clock.Advance(OverdueAt(attempt - 5));
            var outputs = (await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"))).ShouldBeDone().Outputs;
            IdsOf(outputs.GetProperty("requests")).ShouldBe([$"{Samples.Scan}-{attempt}"]);
        }
        handler.Clock.Advance(OverdueAt(4));

        (await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"))).ShouldBeDone();

        (await handler.StatusOfAsync(Samples.Scan)).Failure.ShouldNotBeNull().Reason.ShouldBe(FailureReason.GaveUp);
    }

    [Fact]
    public async Task Given_ReceivedForMoreThanADay_When_TimerFires_Then_PoisonedAndAnnouncedOnce()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.LeaveAsync(ScanStatus.Received(Samples.Scan, "a.png", handler.Now));
        handler.Clock.Advance(TimeSpan.FromHours(24));
        (await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"))).ShouldSendNothing();
        handler.Clock.Advance(TimeSpan.FromTicks(1));

        var outputs = (await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"))).ShouldBeDone().Outputs;

        outputs.TryGetProperty("requests", out _).ShouldBeFalse();
        var ended = outputs.GetProperty("ended").EnumerateArray().ShouldHaveSingleItem();
        ended.GetProperty("id").GetString().ShouldBe($"{Samples.Scan}-0");
        ended.GetProperty("data").GetProperty("failure").GetProperty("reason").GetString().ShouldBe("poisoned");
        var status = await handler.StatusOfAsync(Samples.Scan);
        status.Timeline.Select(entry => entry.State).ShouldBe([ScanState.Received, ScanState.Failed]);
        status.Failure.ShouldNotBeNull().Reason.ShouldBe(FailureReason.Poisoned);
        (await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"))).ShouldSendNothing();
    }

    [Fact]
    public async Task Given_TwoRunsAtOnce_When_Overdue_Then_AskedForOnce()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.LeaveAsync(Asked(handler, Samples.Scan, 1));
        handler.Clock.Advance(Overdue);

        var replies = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"))));

        replies.Count(reply => reply.ShouldBeDone().Outputs.TryGetProperty("requests", out _)).ShouldBe(1);
        (await handler.StatusOfAsync(Samples.Scan)).Attempt.ShouldBe(2);
    }

    [Fact]
    public async Task Given_NeverAnswered_When_TimerFiresAgainAndAgain_Then_AskedAgainThreeTimesAndGivenUp()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("MaxSegmentationAttempts", "4"));
        await handler.LeaveAsync(Asked(handler, Samples.Scan, 1));
        List<string> sent = [];
        for (var run = 1; run <= 6; run++)
        {
            handler.Clock.Advance(OverdueAt(run));
            var outputs = (await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"))).ShouldBeDone().Outputs;
            foreach (var output in outputs.EnumerateObject())
                sent.AddRange(output.Value.EnumerateArray().Select(e => $"{output.Name} {e.GetProperty("id").GetString()}"));
        }
        sent.ShouldBe([
            "requests 0011223344556677-2", "requests 0011223344556677-3", "requests 0011223344556677-4", "ended 0011223344556677-4"]);
    }

    [Fact]
    public async Task Given_AScanThatOnlyWaitsInALongQueue_When_TimerFiresAllDay_Then_ItHasAttemptsLeft()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.LeaveAsync(Asked(handler, Samples.Scan, 1));
        List<double> askedAfter = [];
        for (var minutes = 11; minutes <= 42 * 60; minutes += 11)
        {
            handler.Clock.Advance(TimeSpan.FromMinutes(11));
            if ((await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"))).ShouldBeDone().Outputs.TryGetProperty("requests", out _))
                askedAfter.Add(minutes);
        }

        askedAfter.ShouldBe([11, 33, 77, 165, 330, 660, 1309]);
        (await handler.StatusOfAsync(Samples.Scan)).State.ShouldBe(ScanState.Preprocessed);
    }

    [Theory]
    [InlineData("00:10:00", 1, "00:10:00")]
    [InlineData("00:10:00", 0, "00:10:00")]
    [InlineData("00:10:00", -3, "00:10:00")]
    [InlineData("00:10:00", 8, "21:20:00")]
    [InlineData("00:10:00", 9, "1.00:00:00")]
    [InlineData("00:00:01", 100, "1.00:00:00")]
    [InlineData("7.00:00:00", 1, "7.00:00:00")]
    [InlineData("7.00:00:00", 100, "7.00:00:00")]
    public void Given_AnAttempt_When_ItsAgeIsAsked_Then_TwiceThatOfTheOneBeforeUpToADay(string age, int attempt, string expected) =>
        new CtSeg.Recovery.ReconcilePolicy(TimeSpan.Parse(age, CultureInfo.InvariantCulture), 8, 200).AgeOf(attempt)
            .ShouldBe(TimeSpan.Parse(expected, CultureInfo.InvariantCulture));

    [Fact]
    public void Given_TheHostsTimeLimit_When_Compared_Then_ARunGoesByIt()
    {
        using var host = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "host.json")));
        host.RootElement.GetProperty("functionTimeout").GetString().ShouldBe(CtSeg.Recovery.ReconcilePolicy.FunctionTimeout.ToString());
    }

    [Fact]
    public async Task Given_MoreThanABatch_When_TimerFires_Then_RestAtTheNextRun()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync(), ("ReconcileBatch", "2"), ("ReconcileAfter", "00:00:05"));
        for (var n = 1; n <= 3; n++)
            await handler.LeaveAsync(Asked(handler, Id(n), 1));
        handler.Clock.Advance(TimeSpan.FromSeconds(6));

        IdsOf((await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"))).Outputs.GetProperty("requests")).ShouldBe([$"{Id(1)}-2", $"{Id(2)}-2"]);
        IdsOf((await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"))).Outputs.GetProperty("requests")).ShouldBe([$"{Id(3)}-2"]);
    }

    [Fact]
    public async Task Given_StorageFailsInBetween_When_TimerFires_Then_WhatWasChangedIsStillSent()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.LeaveAsync(Asked(handler, Id(1), 1));
        await handler.LeaveAsync(Asked(handler, Id(2), 1));
        var second = handler.Storage.GetBlobContainerClient(Containers.Status).GetBlobClient(BlobPaths.Status(Id(2)));
        // A lease is a fault to any writer: 412 with another code.
        await Azure.Storage.Blobs.Specialized.SpecializedBlobExtensions.GetBlobLeaseClient(second)
            .AcquireAsync(TimeSpan.FromSeconds(-1), cancellationToken: Handler.Stop);
        handler.Clock.Advance(Overdue);

        var reply = await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"));

        IdsOf(reply.ShouldBeDone().Outputs.GetProperty("requests")).ShouldBe([$"{Id(1)}-2"]);
    }

    [Theory]
    [InlineData(Containers.Status, "0000000000000001.json")]
    [InlineData(Containers.Results, "0000000000000001/metrics.json")]
    public async Task Given_DocumentThatCannotBeRead_When_TimerFires_Then_TheScansAfterItMoveOn(string container, string document)
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        await handler.LeaveAsync(Asked(handler, Id(1), 1));
        await handler.LeaveAsync(Asked(handler, Id(2), 1));
        await handler.BreakAsync(container, document);
        handler.Clock.Advance(Overdue);

        var reply = await handler.PostAsync("ReconcileScans", Handler.Fixture("timer.json"));

        IdsOf(reply.ShouldBeDone().Outputs.GetProperty("requests")).ShouldBe([$"{Id(2)}-2"]);
    }

    [Fact]
    public async Task Given_NoTimerInBody_When_Invoked_Then_400()
    {
        await using var handler = await Handler.StartAsync(await azurite.NewAccountAsync());
        (await handler.PostAsync("ReconcileScans", Handler.Fixture("service-bus.json"))).ShouldHaveFailed(HttpStatusCode.BadRequest);
    }

    private static TimeSpan OverdueAt(int attempt) => (TimeSpan.FromMinutes(10) * (1 << (attempt - 1))) + TimeSpan.FromTicks(1);

    private static ScanId Id(int n) => ScanId.Parse($"{n:x16}");

    private static ScanStatus Asked(Handler handler, ScanId scan, int attempt) =>
        ScanStatus.Received(scan, "a.png", handler.Now).Requested(attempt, handler.Now);

    private static IEnumerable<string?> IdsOf(JsonElement messages) => messages.EnumerateArray().Select(message => message.GetProperty("id").GetString());
}
