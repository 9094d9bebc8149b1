using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.TrainingJob.Letters;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Tests.Letters;

public sealed class LetterReplayTests
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private readonly LetterWorld _world = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_ScansThatDied_When_Found_Then_EachIsToldOnceWithItsCauseAndWithoutNames()
    {
        var scans = await _world.KilledScansAsync(2);

        var inQueue = await _world.FindAsync();
        await _world.RecordAsync();
        var inArchive = await _world.FindAsync();

        inQueue.Select(letter => letter.Scan).ShouldBe(scans.Cast<ScanId?>());
        inQueue.ShouldAllBe(letter => letter.Place == "segmentation-requests/$deadletterqueue" && letter.Cause == "max-delivery-count-exceeded");
        inArchive.Select(letter => letter.Id).Order().ShouldBe(scans.Select(scan => $"archive/{scan}-1").Order());
        inArchive.ShouldAllBe(letter => letter.Cause == "max-delivery-count-exceeded" && letter.Queue == Queues.SegmentationRequests);
        JsonSerializer.Serialize(LetterListing.Of(LettersFound.Of(inArchive, [], new LetterFilter(null, null, null)), [], withLetters: true), LettersJson.Default.LetterListing).ShouldNotContain("dead/");
    }

    [Fact]
    public async Task Given_ADryRun_When_Replayed_Then_TheSameIsSaidAndNothingIsChanged()
    {
        await _world.KilledScansAsync(2);
        await _world.RecordAsync();
        var before = _world.Consumer.Storage.Writes.Count;
        var effects = new Effects();

        var dry = await _world.ReplayAsync(effects, dryRun: true);

        effects.Done.ShouldAllBe(step => step.StartsWith("GET", StringComparison.Ordinal) || step.StartsWith("HEAD", StringComparison.Ordinal));
        _world.Consumer.Storage.Writes.Count.ShouldBe(before);
        _world.Bus.Messages(Queues.SegmentationRequests).ShouldBeEmpty();
        dry.Select(end => end.Outcome.Decision).ShouldBe((await _world.ReplayAsync()).Select(end => end.Outcome.Decision));
    }

    [Fact]
    public async Task Given_AScanThatWasAskedForAgainAndCompleted_When_ItsLetterIsReplayed_Then_TheLetterGoesAndNothingIsSent()
    {
        var scan = (await _world.KilledScansAsync(1))[0];
        await AskedAgainAsync(scan);
        await _world.Consumer.DrainAsync();

        var end = (await _world.ReplayAsync()).ShouldHaveSingleItem();

        (end.Outcome.Decision, end.Outcome.Text).ShouldBe((ReplayDecision.Completed, "The scan is completed meanwhile."));
        _world.Bus.Messages(Queues.SegmentationRequests).ShouldBeEmpty();
        (await _world.FindAsync()).ShouldBeEmpty();
        _world.Consumer.Told().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Given_AScanThatReconciliationAskedForAgain_When_ItsLetterIsReplayed_Then_ThatAttemptDecides()
    {
        var scan = (await _world.KilledScansAsync(1))[0];
        await AskedAgainAsync(scan);

        (await _world.ReplayAsync()).ShouldHaveSingleItem().Outcome.Decision.ShouldBe(ReplayDecision.AskedAgain);

        _world.Bus.Messages(Queues.SegmentationRequests).Count.ShouldBe(1);
        (await _world.Consumer.StatusOfAsync(scan)).Replay.ShouldBeNull();
    }

    [Fact]
    public async Task Given_AReplayThatFailsAgain_When_Recorded_Then_ItLiesDeadWithACountAndMayBeReplayedAgain()
    {
        var scan = (await _world.KilledScansAsync(1))[0];
        for (var replay = 1; replay <= 3; replay++)
        {
            await _world.RecordAsync();
            (await _world.FindAsync()).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
                letter => letter.Replays.ShouldBe(replay - 1), letter => letter.Id.ShouldBe($"archive/{scan}-{replay}"));
            (await _world.ReplayAsync()).ShouldHaveSingleItem().Outcome.Decision.ShouldBe(ReplayDecision.Send);
            _world.Bus.Messages(Queues.SegmentationRequests).ShouldHaveSingleItem().MessageId.ShouldBe($"{scan}-{replay + 1}");
            if (replay < 3)
                _world.Bus.Kill(Queues.SegmentationRequests);
        }
        await _world.Consumer.DrainAsync();

        (await _world.Consumer.StatusOfAsync(scan)).ShouldSatisfyAllConditions(
            status => status.State.ShouldBe(ScanState.Completed), status => status.Replay.ShouldBe(new ScanReplay(3, 4, $"{scan}-3")));
        _world.Consumer.Told().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Given_TwoLettersOfOneScan_When_Replayed_Then_ItIsAskedForOnce()
    {
        var scan = (await _world.KilledScansAsync(1))[0];
        await AskedAgainAsync(scan);
        _world.Bus.Kill(Queues.SegmentationRequests);
        await _world.RecordAsync();
        (await _world.FindAsync()).Count.ShouldBe(2);

        var ends = await _world.ReplayAsync();

        ends.Select(end => end.Outcome.Decision).Order().ShouldBe([ReplayDecision.Send, ReplayDecision.AskedAgain]);
        _world.Bus.Messages(Queues.SegmentationRequests).ShouldHaveSingleItem().MessageId.ShouldBe($"{scan}-3");
        (await _world.FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AScanWhoseSliceIsGone_When_Replayed_Then_TheLetterStaysWithWhatToDo()
    {
        var scan = (await _world.KilledScansAsync(1))[0];
        await _world.RecordAsync();
        _world.Consumer.Storage.Remove($"preprocessed/{scan}/manifest.json");

        var end = (await _world.ReplayAsync()).ShouldHaveSingleItem();

        end.Outcome.Decision.ShouldBe(ReplayDecision.Refused);
        end.Outcome.Text.ShouldNotBeNull().ShouldContain("upload the slice again");
        (await _world.FindAsync()).Count.ShouldBe(1);
        (await _world.Consumer.StatusOfAsync(scan)).State.ShouldBe(ScanState.Failed);
    }

    [Fact]
    public async Task Given_AScanWhoseStatusWasLost_When_Replayed_Then_ItIsMadeAnewAndCompletes()
    {
        var scan = (await _world.KilledScansAsync(1))[0];
        _world.Consumer.Storage.Remove($"status/{scan}.json");

        (await _world.ReplayAsync()).ShouldHaveSingleItem().Outcome.Decision.ShouldBe(ReplayDecision.Send);
        await _world.Consumer.DrainAsync();

        (await _world.Consumer.StatusOfAsync(scan)).State.ShouldBe(ScanState.Completed);
    }

    [Fact]
    public async Task Given_ALetterInATraceWhoseStatusWasLost_When_Replayed_Then_TheNewOneKeepsTheTrace()
    {
        var scan = await _world.Consumer.UploadAsync("a.png", traceParent: TraceParent);
        _world.Bus.Kill(Queues.SegmentationRequests);
        _world.Consumer.Storage.Remove($"status/{scan}.json");

        await _world.ReplayAsync();

        (await _world.Consumer.StatusOfAsync(scan)).TraceParent.ShouldBe(TraceParent);
    }

    [Fact]
    public async Task Given_AScanWithoutALetter_When_Replayed_Then_ItStaysInItsTrace()
    {
        await GivenUpAsync();

        (await _world.ReplayAsync()).ShouldHaveSingleItem().Outcome.Decision.ShouldBe(ReplayDecision.Send);

        var again = _world.Bus.Messages(Queues.SegmentationRequests).ShouldHaveSingleItem();
        JsonSerializer.Deserialize(again.Body.Span, ContractsJson.Default.CloudEventSegmentationRequested).ShouldNotBeNull().TraceParent.ShouldBe(TraceParent);
    }

    [Fact]
    public async Task Given_ALetterOfAMask_When_ItsScanIsLookedFor_Then_ItIsFoundAndHidesNoFailureOfTheScan()
    {
        var scan = await GivenUpAsync();
        await new LetterArchive(_world.Consumer.Connect().GetBlobContainerClient(Containers.Audit)).StoreAsync(
            new DeadLetter("{}") { Queue = StorageQueues.PoisonedSlices, Reason = "poisoned AcceptCorrection" }, $"{scan}-correction", Cancel);

        var found = await _world.Box().FindAsync(new LetterFilter(null, null, scan), Cancel);

        found.Letters.Select(letter => letter.Id).Order().ShouldBe([$"archive/{scan}-correction", $"status/{scan}"]);
    }

    [Fact]
    public async Task Given_AStatusThatCannotBeRead_When_Replayed_Then_TheOthersAreSentAndTheLetterStays()
    {
        var scans = await _world.KilledScansAsync(2);
        await _world.RecordAsync();
        await _world.Consumer.Connect().GetBlobContainerClient(Containers.Status).GetBlobClient(BlobPaths.Status(scans[0]))
            .UploadAsync(BinaryData.FromString("{"), overwrite: true, Cancel);

        var ends = await _world.ReplayAsync();

        ends.Single(end => end.Letter.Scan == scans[0]).Outcome.Decision.ShouldBe(ReplayDecision.Refused);
        ends.Single(end => end.Letter.Scan == scans[1]).Outcome.Decision.ShouldBe(ReplayDecision.Send);
        (await _world.FindAsync()).ShouldHaveSingleItem().Scan.ShouldBe(scans[0]);
    }

    [Fact]
    public async Task Given_WhatIsNoRequest_When_Replayed_Then_ItStaysAndTheOthersAreSent()
    {
        _world.Bus.Put(Queues.SegmentationRequests, "hello"u8.ToArray(), "x");
        await _world.KilledScansAsync(1);

        var ends = await _world.ReplayAsync();

        ends.Select(end => end.Outcome.Decision).Order().ShouldBe([ReplayDecision.Send, ReplayDecision.Refused]);
        (await _world.FindAsync()).ShouldHaveSingleItem().MessageId.ShouldBe("x");
    }

    [Fact]
    public async Task Given_AFilter_When_Replayed_Then_OnlyWhatMatchesIsTakenAndTheOthersMayBeTakenAtOnce()
    {
        var scans = await _world.KilledScansAsync(3);

        (await _world.ReplayAsync(filter: new LetterFilter(null, null, scans[1]))).ShouldHaveSingleItem().Letter.Scan.ShouldBe(scans[1]);

        _world.Consumer.DeadLetters().ShouldAllBe(entry => entry.LockedUntil <= _world.Consumer.Time.GetUtcNow());
        (await _world.ReplayAsync()).Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(Queues.Alerts)]
    [InlineData(Queues.SegmentationCompleted)]
    public async Task Given_AnEventThatNobodyTook_When_Replayed_Then_ItComesAgainInsideTheWindowOnceAndCounts(string queue)
    {
        var body = """{"id":"a-1","subject":"0011223344556677"}"""u8.ToArray();
        _world.Bus.Put(queue, body, "a-1");
        for (var replay = 1; replay <= 2; replay++)
        {
            _world.Bus.Kill(queue, "TTLExpiredException");
            var letter = (await _world.FindAsync()).ShouldHaveSingleItem();
            (letter.Cause, letter.Replays, letter.Scan.ToString()).ShouldBe(("ttl-expired", replay - 1, "0011223344556677"));

            await _world.ReplayAsync();

            var again = _world.Bus.Messages(queue).ShouldHaveSingleItem();
            again.MessageId.ShouldBe($"a-1~{replay}");
            again.Body.ToArray().ShouldBe(body);
            (await _world.FindAsync()).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Given_AReplayOfAnEventThatIsKilledBeforeItsLetterIsGone_When_Repeated_Then_TheEventComesOnce()
    {
        _world.Bus.Put(Queues.Alerts, "{}"u8.ToArray(), "a-1");
        _world.Bus.Kill(Queues.Alerts);
        using var cleanUp = new CancellationTokenSource();
        var effects = new Effects();
        var died = false;
        effects.After = (_, step) => { if (step.StartsWith("SEND", StringComparison.Ordinal)) { died = true; throw new ServiceBus.ServiceBusException("gone", isTransient: false); } };
        await Should.ThrowAsync<ServiceBus.ServiceBusException>(() => _world.ReplayAsync(effects));
        died.ShouldBeTrue();
        _world.Bus.ExpireLocks();

        await _world.ReplayAsync();

        _world.Bus.Messages(Queues.Alerts).ShouldHaveSingleItem();
        (await _world.FindAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false, ReplayDecision.Send)]
    [InlineData(true, ReplayDecision.Gone)]
    public async Task Given_ADeadTrainingRequest_When_Replayed_Then_ARunThatGoesOnIsAskedForAgain(bool hasEnded, ReplayDecision decision)
    {
        var runs = new TrainingRunStore(_world.Consumer.Connect(), _world.Consumer.Time);
        var (run, _) = await runs.RequestAsync(new TrainingRunRequest("test"), Cancel);
        var request = TrainingEvents.Requested(run.Id, run.Attempt, "/test", _world.Consumer.Time.GetUtcNow().UtcDateTime, TraceParent);
        _world.Bus.Put(Queues.TrainingRequests, JsonSerializer.SerializeToUtf8Bytes(request, ContractsJson.Default.CloudEventTrainingRequested), request.Id);
        _world.Bus.Kill(Queues.TrainingRequests);
        if (hasEnded)
            await runs.EndAsync(run.Id, TrainingRunState.Failed, "test", Cancel);

        (await _world.ReplayAsync()).ShouldHaveSingleItem().Outcome.Decision.ShouldBe(decision);

        _world.Bus.Messages(Queues.TrainingRequests).Select(message => message.MessageId).ShouldBe(hasEnded ? [] : [$"{run.Id}-2"]);
        (await _world.FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ATrainingRequestThatDiesAgain_When_Replayed_Then_ItCountsAndStaysInItsTrace()
    {
        var runs = new TrainingRunStore(_world.Consumer.Connect(), _world.Consumer.Time);
        var (run, _) = await runs.RequestAsync(new TrainingRunRequest("test"), Cancel);
        var request = TrainingEvents.Requested(run.Id, run.Attempt, "/test", _world.Consumer.Time.GetUtcNow().UtcDateTime, TraceParent);
        _world.Bus.Put(Queues.TrainingRequests, JsonSerializer.SerializeToUtf8Bytes(request, ContractsJson.Default.CloudEventTrainingRequested), request.Id);
        for (var replay = 1; replay <= 2; replay++)
        {
            _world.Bus.Kill(Queues.TrainingRequests);
            (await _world.FindAsync()).ShouldHaveSingleItem().Replays.ShouldBe(replay - 1);

            (await _world.ReplayAsync()).ShouldHaveSingleItem().Outcome.Decision.ShouldBe(ReplayDecision.Send);

            var again = _world.Bus.Messages(Queues.TrainingRequests).ShouldHaveSingleItem();
            again.Properties[MessageProperties.Replays].ShouldBe(replay);
            JsonSerializer.Deserialize(again.Body.Span, ContractsJson.Default.CloudEventTrainingRequested).ShouldNotBeNull().TraceParent.ShouldBe(TraceParent);
        }
    }

    [Fact]
    public async Task Given_IdsOfOthersThatLookLikeReplays_When_Replayed_Then_NoneIsTakenForAnother()
    {
        string[] ids = ["a~1", "a~2", $"{new string('b', 127)}1", $"{new string('b', 127)}2"];
        foreach (var id in ids)
            _world.Bus.Put(Queues.Alerts, "{}"u8.ToArray(), id);
        for (var replay = 1; replay <= 2; replay++)
        {
            _world.Bus.Kill(Queues.Alerts);
            await _world.ReplayAsync();

            var again = _world.Bus.Messages(Queues.Alerts).Select(message => message.MessageId!).ToList();
            again.Count.ShouldBe(ids.Length);
            again.ShouldContain($"a~1~{replay}");
            again.ShouldContain($"a~2~{replay}");
            again.ShouldAllBe(id => id.Length <= 128 && id.EndsWith($"~{replay}", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Given_ArchivedNewsOfUploads_When_Replayed_Then_ItGoesToItsOwnQueueWhereItTellsOfOne()
    {
        const string told = """{"type":"Microsoft.Storage.BlobCreated","data":{"url":"https://a.blob.core.windows.net/slices/b.png"}}""";
        await _world.ArchiveAsync(new DeadLetter(told) { MessageId = "m1", SequenceNumber = "7", Queue = Queues.UploadEvents, Replays = 1 });
        await _world.ArchiveAsync(new DeadLetter("hello") { MessageId = "m2", SequenceNumber = "8", Queue = Queues.UploadEvents });
        (await _world.FindAsync()).ShouldAllBe(letter => letter.Queue == Queues.UploadEvents);

        var ends = await _world.ReplayAsync();

        ends.ToDictionary(end => end.Letter.Id, end => end.Outcome.Decision).ShouldBe(
            new Dictionary<string, ReplayDecision> { ["archive/m1-7"] = ReplayDecision.Send, ["archive/m2-8"] = ReplayDecision.Refused }, ignoreOrder: true);
        var again = _world.Bus.Messages(Queues.UploadEvents).ShouldHaveSingleItem();
        (again.MessageId, again.Properties[MessageProperties.Replays]).ShouldBe(("m1-7~2", 2));
        (await _world.FindAsync()).ShouldHaveSingleItem().Id.ShouldBe("archive/m2-8");
    }

    [Fact]
    public async Task Given_ALetterThatWasArchivedBeforeItsQueueWasKept_When_Found_Then_ItIsARequest()
    {
        await _world.Consumer.Connect().GetBlobContainerClient(Containers.Audit).GetBlobClient("dead-letters/m1-7.json").UploadAsync(BinaryData.FromString("hello"), Cancel);

        (await _world.FindAsync()).ShouldHaveSingleItem().Queue.ShouldBe(Queues.SegmentationRequests);
    }

    /// <summary>A traced scan that failed by its status only.</summary>
    private async Task<ScanId> GivenUpAsync()
    {
        var scan = await _world.Consumer.UploadAsync("a.png", ask: false);
        var failure = new ScanFailure(FailureReason.GaveUp, "No result came.", "Upload it again.");
        await _world.Consumer.Statuses.ChangeAsync(scan, status => status.Failed(failure, status.LastChange) with { TraceParent = TraceParent }, Cancel);
        return scan;
    }

    /// <summary>As reconciliation does.</summary>
    private async Task AskedAgainAsync(ScanId scan)
    {
        await _world.Consumer.Statuses.ChangeAsync(scan, status => status.Requested(2, _world.Consumer.Time.GetUtcNow().UtcDateTime), Cancel);
        _world.Consumer.Ask(scan, attempt: 2);
    }
}
