using System.Text.Json;
using Azure;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.Testing;
using CtSeg.TrainingJob.Letters;

namespace CtSeg.TrainingJob.Tests.Letters;

public sealed class UploadLettersTests(AzuriteFixture azurite)
{
    private const string Name = "patient-7/slice ä.png";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_APoisonedSlice_When_Replayed_Then_ItIsWrittenAgainAsItIsAndTakenIn()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        var scan = await world.PoisonedAsync(Name);
        var before = await world.ShouldBeAsUploadedAsync(Containers.Slices, Name);
        var letter = (await world.FindAsync()).ShouldHaveSingleItem();
        (letter.Id, letter.Cause, letter.Scan).ShouldBe(($"status/{scan}", "poisoned", scan));

        (await world.ReplayAsync()).ShouldHaveSingleItem().Outcome.Decision.ShouldBe(ReplayDecision.Send);

        (await world.ShouldBeAsUploadedAsync(Containers.Slices, Name)).ShouldNotBe(before);
        var status = await world.TakeInAsync(Name);
        (status.State, status.Attempt, status.Replay).ShouldBe((ScanState.Preprocessed, 1, new ScanReplay(1, 1, $"{scan}-0")));
        (await world.FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AReplayThatWasKilledBeforeItWroteTheUpload_When_Repeated_Then_ItIsWritten()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        var scan = await world.PoisonedAsync(Name);
        var before = await world.ShouldBeAsUploadedAsync(Containers.Slices, Name);
        await world.Statuses.ChangeAsync(scan, status => status.ReceivedAgain(status.LastChange - FailedScans.Underway), Cancel);

        (await world.ReplayAsync()).ShouldHaveSingleItem().Outcome.Decision.ShouldBe(ReplayDecision.Send);

        (await world.ShouldBeAsUploadedAsync(Containers.Slices, Name)).ShouldNotBe(before);
        (await world.Statuses.FindAsync(scan, Cancel)).ShouldNotBeNull().Status.Replay.ShouldNotBeNull().Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Given_APoisonedSliceWhoseUploadIsGoneOrReplaced_When_Replayed_Then_ItStaysFailedWithWhatToDo(bool isGone)
    {
        var world = await UploadWorld.OpenAsync(azurite);
        var scan = await world.PoisonedAsync(Name);
        if (isGone)
            await world.RemoveAsync(Containers.Slices, Name);
        else
            await world.UploadAsync(Containers.Slices, Name, BinaryData.FromString("another"));

        var outcome = (await world.ReplayAsync()).ShouldHaveSingleItem().Outcome;

        outcome.Decision.ShouldBe(ReplayDecision.Refused);
        outcome.Text.ShouldNotBeNull().ShouldContain("upload the slice again");
        (await world.Statuses.FindAsync(scan, Cancel)).ShouldNotBeNull().Status.State.ShouldBe(ScanState.Failed);
    }

    [Fact]
    public async Task Given_AScanThatFailedForItsContent_When_Looked_Then_ItIsNoDeadLetter()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        await world.Statuses.TryCreateAsync(
            ScanStatus.Received(ScanId.FromContent("b.png", [1]), "b.png", now).Failed(new ScanFailure(FailureReason.Corrupt, "It is broken.", "Export it again."), now), Cancel);

        (await world.FindAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(StorageQueues.PoisonedSlices, "PreprocessSlice", Containers.Slices)]
    [InlineData(StorageQueues.PoisonedSlices, "AcceptCorrection", Containers.Corrections)]
    [InlineData($"{StorageQueues.PoisonedSlices}-poison", "PreprocessSlice", Containers.Slices)]
    public async Task Given_APoisonMessageThatNobodyRecorded_When_Replayed_Then_TheUploadIsWrittenAgainAndTheMessageGone(string queue, string function, string container)
    {
        var world = await UploadWorld.OpenAsync(azurite);
        var etag = await world.UploadAsync(container, Name);
        await world.PoisonAsync(queue, function, container, Name, etag);
        var letter = (await world.FindAsync()).ShouldHaveSingleItem();
        (letter.Place, letter.Cause).ShouldBe((queue, LetterCause.Of($"poisoned {function}")));
        JsonSerializer.Serialize(LetterListing.Of(LettersFound.Of([letter], [], new LetterFilter(null, null, null)), [], withLetters: true), LettersJson.Default.LetterListing).ShouldNotContain("patient");
        (await letter.Body(Cancel)).ShouldNotBeNull().ToString().ShouldContain("patient");

        (await world.ReplayAsync(dryRun: true)).ShouldHaveSingleItem().Outcome.Decision.ShouldBe(ReplayDecision.Send);
        (await world.ShouldBeAsUploadedAsync(container, Name)).ShouldBe(etag);
        (await world.ReplayAsync()).ShouldHaveSingleItem().Outcome.Decision.ShouldBe(ReplayDecision.Send);

        (await world.ShouldBeAsUploadedAsync(container, Name)).ShouldNotBe(etag);
        (await world.FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_PoisonMessagesOfOthers_When_Replayed_Then_TheyStayAndMayBeSeenAtOnce()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        await world.PoisonAsync(StorageQueues.PoisonedSlices, "hello");
        await world.PoisonAsync(StorageQueues.PoisonedSlices, "Other", "elsewhere", Name, new ETag("0x1"));

        (await world.ReplayAsync()).Select(end => end.Outcome.Decision).ShouldBe([ReplayDecision.Refused, ReplayDecision.Refused]);

        (await world.FindAsync()).Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(StorageQueues.PoisonedSlices)]
    [InlineData(Queues.UploadEvents)]
    public async Task Given_AMaskThatWasGivenUp_When_ItsLetterIsReplayed_Then_ItIsWrittenAgainToBeJudgedAnew(string from)
    {
        const string Mask = "0011223344556677.png";
        var world = await UploadWorld.OpenAsync(azurite);
        var mask = await world.UploadAsync(Containers.Corrections, Mask);
        var body = from == Queues.UploadEvents
            ? $$"""{ "type": "Microsoft.Storage.BlobCreated", "data": { "url": "http://127.0.0.1:10000/account/corrections/{{Mask}}", "eTag": {{JsonSerializer.Serialize(mask.ToString())}} } }"""
            : $$"""{ "FunctionId": "Host.Functions.AcceptCorrection", "ContainerName": "corrections", "BlobName": "{{Mask}}", "ETag": {{JsonSerializer.Serialize(mask.ToString())}} }""";
        await world.Archive.StoreAsync(new DeadLetter(body) { Queue = from, Reason = "poisoned AcceptCorrection" }, "0011223344556677-correction", Cancel);

        (await world.ReplayAsync()).ShouldHaveSingleItem().Outcome.Decision.ShouldBe(ReplayDecision.Send);

        (await world.ShouldBeAsUploadedAsync(Containers.Corrections, Mask)).ShouldNotBe(mask);
        (await world.FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_UndeliveredEvents_When_Replayed_Then_EveryUploadInThemIsWrittenAgain()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        var slice = await world.UploadAsync(Containers.Slices, Name);
        var mask = await world.UploadAsync(Containers.Corrections, "0011223344556677.png");
        await world.LeaveUndeliveredAsync("SLICES/2026/11/27/10/1.json", (Containers.Slices, Name, slice), (Containers.Corrections, "0011223344556677.png", mask));
        var letter = (await world.FindAsync()).ShouldHaveSingleItem();
        (letter.Cause, letter.Deliveries).ShouldBe(("max-delivery-attempts-exceeded-not-found", 30));

        (await world.ReplayAsync()).ShouldHaveSingleItem().Outcome.Decision.ShouldBe(ReplayDecision.Send);

        (await world.ShouldBeAsUploadedAsync(Containers.Slices, Name)).ShouldNotBe(slice);
        (await world.ShouldBeAsUploadedAsync(Containers.Corrections, "0011223344556677.png")).ShouldNotBe(mask);
        (await world.FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_EventsOfUploadsThatNeedThemNoMore_When_Replayed_Then_TheyGoAndNothingIsWritten()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        var old = await world.UploadAsync(Containers.Slices, "replaced.png");
        var replaced = await world.UploadAsync(Containers.Slices, "replaced.png");
        var taken = await world.UploadAsync(Containers.Slices, "taken.png");
        await world.TakeInAsync("taken.png");
        await world.LeaveUndeliveredAsync("1.json", (Containers.Slices, "replaced.png", old));
        await world.LeaveUndeliveredAsync("2.json", (Containers.Slices, "taken.png", taken));
        await world.LeaveUndeliveredAsync("3.json", (Containers.Slices, "removed.png", taken));

        var ends = await world.ReplayAsync();

        ends.OrderBy(end => end.Letter.Id, StringComparer.Ordinal).Select(end => end.Outcome.Decision)
            .ShouldBe([ReplayDecision.Gone, ReplayDecision.AskedAgain, ReplayDecision.Gone]);
        (await world.ShouldBeAsUploadedAsync(Containers.Slices, "replaced.png")).ShouldBe(replaced);
        (await world.ShouldBeAsUploadedAsync(Containers.Slices, "taken.png")).ShouldBe(taken);
        (await world.FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AnUploadAboveTheCap_When_Replayed_Then_ItIsLeftAsItIsUnlessItsScanIsKnown()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        var poisoned = await world.PoisonedAsync("poisoned.png");
        var lost = await world.UploadAsync(Containers.Slices, "lost.png");
        var known = await world.UploadAsync(Containers.Slices, "known.png");
        var mask = await world.UploadAsync(Containers.Corrections, "0011223344556677.png");
        await world.LeaveUndeliveredAsync("1.json", (Containers.Slices, "lost.png", lost));
        await world.LeaveUndeliveredAsync("2.json", (Containers.Slices, "known.png", known));
        await world.LeaveUndeliveredAsync("3.json", (Containers.Corrections, "0011223344556677.png", mask));
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        await world.Statuses.TryCreateAsync(
            ScanStatus.Received(ScanId.FromETag("known.png", known.ToString()), "known.png", now).Failed(Failures.TooLarge(1, 1), now), Cancel);
        world.MaxUploadBytes = UploadWorld.Slice.ToMemory().Length - 1;

        var ends = (await world.ReplayAsync()).ToDictionary(end => end.Letter.Id, end => end.Outcome);

        ends.ToDictionary(end => end.Key, end => end.Value.Decision).ShouldBe(
            new Dictionary<string, ReplayDecision>
            {
                [$"status/{poisoned}"] = ReplayDecision.Refused,
                ["undelivered-events/1.json"] = ReplayDecision.Refused,
                ["undelivered-events/2.json"] = ReplayDecision.AskedAgain,
                ["undelivered-events/3.json"] = ReplayDecision.Refused,
            },
            ignoreOrder: true);
        ends[$"status/{poisoned}"].Text.ShouldBe(
            $"The upload has {world.MaxUploadBytes + 1} bytes, more than the {world.MaxUploadBytes} that are allowed (MaxUploadBytes): written again it would only fail.");
        (await world.ShouldBeAsUploadedAsync(Containers.Slices, "lost.png")).ShouldBe(lost);
        (await world.ShouldBeAsUploadedAsync(Containers.Corrections, "0011223344556677.png")).ShouldBe(mask);
        (await world.Statuses.FindAsync(poisoned, Cancel)).ShouldNotBeNull().Status.State.ShouldBe(ScanState.Failed);
    }

    [Fact]
    public async Task Given_AnUploadThatWasJustWrittenAgain_When_Looked_Then_ItIsNotDeadYet()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        await world.PoisonedAsync(Name);
        (await world.ReplayAsync()).Count.ShouldBe(1);

        (await world.FindAsync()).ShouldBeEmpty();
        (await world.RunAsync("replay")).Said.ShouldStartWith("There are no such dead letters.");
    }

    [Fact]
    public async Task Given_ManyUndeliveredEventsAndOneThatIsTooLargeToBeOne_When_Looked_Then_AllAreTold()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        for (var number = 0; number < 40; number++)
            await world.LeaveUndeliveredAsync($"{number}.json", "[]");
        await world.LeaveUndeliveredAsync("large.json", new string(' ', (int)UndeliveredEvents.MaxBytes + 1));

        (await world.FindAsync()).CountBy(letter => letter.Cause).ShouldBe([new("unknown", 40), new("too-large", 1)], ignoreOrder: true);

        (await world.RunAsync("show", "undelivered-events/7.json")).Code.ShouldBe(0);
        (await world.RunAsync("show", "undelivered-events/large.json")).Said.ShouldContain("too-large");
        (await world.RunAsync("show", "undelivered-events/large")).Code.ShouldBe(1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("""[{"subject":"/blobServices/default/containers/models/blobs/current.json"}]""")]
    [InlineData("""[{"subject":"/blobServices/default/containers/slices"}]""")]
    [InlineData("""[{"eventType":"Microsoft.Storage.BlobDeleted","data":{"url":"http://127.0.0.1/a/slices/b"}}]""")]
    public async Task Given_WhatIsNoEventOfAnUpload_When_Replayed_Then_ItStays(string text)
    {
        var world = await UploadWorld.OpenAsync(azurite);
        await world.LeaveUndeliveredAsync("1.json", text);

        (await world.ReplayAsync()).ShouldHaveSingleItem().Outcome.Decision.ShouldBe(ReplayDecision.Refused);

        (await world.FindAsync()).Count.ShouldBe(1);
    }
}
