using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.ServiceBus;
using CtSeg.Testing;
using CtSeg.TrainingJob.Letters;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Letters;

public sealed class DiscardLettersTests(AzuriteFixture azurite)
{
    private const string Why = "sent by hand — no request of ours";
    private readonly LetterWorld _world = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_ALetterThatNobodyCanRead_When_Discarded_Then_ItIsGoneAndARecordTellsAllButItsBody()
    {
        _world.Bus.Put(Queues.TrainingRequests, "hello"u8.ToArray(), "x");
        _world.Bus.Put(Queues.TrainingRequests, "other"u8.ToArray(), "y");
        _world.Bus.Kill(Queues.TrainingRequests, "unreadable-message");
        (await _world.RunAsync("replay")).Code.ShouldBe(1);
        var letter = (await _world.FindAsync()).Single(letter => letter.MessageId == "x");

        (await _world.RunAsync("discard", letter.Id, "--reason", Why, "--dry-run")).Code.ShouldBe(0);
        (await _world.FindAsync()).Count.ShouldBe(2);
        _world.Consumer.Storage.Writes.ShouldBeEmpty();
        (await _world.RunAsync("discard", letter.Id, letter.Id, "--reason", Why)).Code.ShouldBe(0);

        (await _world.FindAsync()).ShouldHaveSingleItem().MessageId.ShouldBe("y");
        var (name, content) = _world.Consumer.Storage.Writes.ShouldHaveSingleItem();
        name.ShouldStartWith("audit/dead-letters/discarded/letter-");
        content.ShouldBeEmpty();
        var metadata = (await _world.Consumer.Connect().GetBlobContainerClient(Containers.Audit).GetBlobClient(name["audit/".Length..]).GetPropertiesAsync(cancellationToken: Cancel))
            .Value.Metadata.ToDictionary(pair => pair.Key, pair => Uri.UnescapeDataString(pair.Value));
        (metadata["id"], metadata["place"], metadata["queue"], metadata["cause"]).ShouldBe((letter.Id, "training-requests/$deadletterqueue", "training-requests", "unreadable-message"));
        (metadata["reason"], metadata["by"]).ShouldBe((Why, OperatorName.Current));
        (metadata["sha256"], metadata["length"]).ShouldBe(("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "5"));
        DateTime.Parse(metadata["discarded"], null).ToUniversalTime().ShouldBeGreaterThan(FastTime.StartUtc.UtcDateTime);
        (await _world.RunAsync("list")).Code.ShouldBe(0);
    }

    [Fact]
    public async Task Given_NamesThatAreNotThere_When_Discarded_Then_TheOthersGoAndItEndsWithOne()
    {
        _world.Bus.Put(Queues.TrainingRequests, "hello"u8.ToArray(), "x");
        _world.Bus.Kill(Queues.TrainingRequests);
        var letter = (await _world.FindAsync())[0];

        (await _world.RunAsync("discard", "training-requests/999", letter.Id, "--reason", Why)).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(1), run => run.Said.ShouldContain("There is no dead letter 'training-requests/999'"));

        (await _world.FindAsync()).ShouldBeEmpty();
        (await _world.RunAsync("discard", letter.Id, "--reason", Why)).ShouldBe((0, $"{letter.Id} was discarded before.{Environment.NewLine}"));
    }

    [Fact]
    public async Task Given_ALetterThatSomebodyElseHas_When_Discarded_Then_ItIsLeft()
    {
        _world.Bus.Put(Queues.TrainingRequests, "hello"u8.ToArray(), "x");
        _world.Bus.Kill(Queues.TrainingRequests);
        var letter = (await _world.FindAsync())[0];
        await using var other = _world.Bus.Connect(new Effects()).CreateReceiver(letter.Place);
        await other.ReceiveAsync(1, TimeSpan.FromSeconds(1), Cancel);

        (await _world.RunAsync("discard", letter.Id, "--reason", Why)).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(1), run => run.Said.ShouldContain("somebody else has it just now"));

        _world.Consumer.Storage.Writes.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Given_AHoldThatRanOut_When_Discarded_Then_TheLetterIsLeftUnlessItComesAgain(bool comesAgain)
    {
        _world.Bus.Put(Queues.TrainingRequests, "hello"u8.ToArray(), "x");
        _world.Bus.Kill(Queues.TrainingRequests);
        var letter = (await _world.FindAsync())[0];
        var isLost = false;
        var effects = new Effects
        {
            Before = (_, step) =>
            {
                if (isLost || !step.StartsWith("COMPLETE", StringComparison.Ordinal))
                    return;
                isLost = true;
                if (comesAgain)
                    _world.Bus.ExpireLocks();
                throw new MessageLockLostException();
            },
        };

        var (code, said) = await _world.RunAsync(effects, Cancel, "discard", letter.Id, "--reason", Why);

        code.ShouldBe(comesAgain ? 0 : 1);
        said.Contains("is left: it changed meanwhile; repeat the command.", StringComparison.Ordinal).ShouldBe(!comesAgain);
        _world.Bus.ExpireLocks();
        (await _world.FindAsync()).Count.ShouldBe(comesAgain ? 0 : 1);
        (await _world.RunAsync("discard", letter.Id, "--reason", Why)).Code.ShouldBe(0);
        (await _world.FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ALetterThatWasArchivedAnewSinceItWasFound_When_Discarded_Then_ItIsToldAsLeft()
    {
        await _world.ArchiveAsync(new DeadLetter("hello") { MessageId = "m", SequenceNumber = "1" });
        await _world.ArchiveAsync(new DeadLetter("hello") { MessageId = "n", SequenceNumber = "1" });
        var box = _world.Box();
        var found = await _world.FindAsync();
        await _world.ArchiveAsync(new DeadLetter("hello") { MessageId = "m", SequenceNumber = "1" });
        _world.Consumer.Storage.Remove("audit/dead-letters/n-1.json");
        var ends = new Dictionary<string, LetterRemoval>();

        (await box.DiscardAsync(found, "operator", Why, (letter, end) => { lock (ends) ends[letter.Id] = end; }, Cancel)).ShouldBeEmpty();

        ends.ShouldBe(new Dictionary<string, LetterRemoval> { ["archive/m-1"] = LetterRemoval.Stayed, ["archive/n-1"] = LetterRemoval.Gone }, ignoreOrder: true);
        (await _world.FindAsync()).ShouldHaveSingleItem().Id.ShouldBe("archive/m-1");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Given_KilledAfterAnyStep_When_Repeated_Then_NoLetterGoesWithoutItsRecordAndEachHasOne(bool isArchived)
    {
        for (var step = 0; ; step++)
        {
            var world = new LetterWorld();
            await world.KilledScansAsync(2);
            if (isArchived)
                await world.RecordAsync();
            world.Consumer.Storage.ForgetWrites();
            string[] arguments = ["discard", .. (await world.FindAsync()).Select(letter => letter.Id), "--reason", Why];
            using var cleanUp = new CancellationTokenSource();
            var killed = new Effects { DiesAfter = step };

            var run = world.RunAsync(killed, cleanUp.Token, arguments);
            if (await Task.WhenAny(run, killed.Died.Task) == run)
            {
                step.ShouldBeGreaterThan(4);
                (await run).Code.ShouldBe(0);
                return;
            }
            world.Bus.ExpireLocks();
            var left = (await world.FindAsync()).Count(letter => letter.Place != "status");
            world.Consumer.Storage.Writes.Count.ShouldBeGreaterThanOrEqualTo(2 - left, $"killed after step {step}");
            (await world.RunAsync(arguments)).Code.ShouldBe(0, $"killed after step {step}");

            (await world.FindAsync()).ShouldAllBe(letter => letter.Place == "status");
            world.Consumer.Storage.Writes.Select(write => write.Name).Distinct().Count().ShouldBe(2);
            world.Consumer.Storage.Writes.Count.ShouldBe(2);
            await cleanUp.CancelAsync();
        }
    }

    [Fact]
    public async Task Given_AFailedScan_When_DiscardedByItsStatus_Then_ItIsNotListedUntilItFailsAgain()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        var scan = await world.PoisonedAsync("a.png");

        (await world.RunAsync("discard", $"status/{scan}", "--reason", Why)).Code.ShouldBe(0);

        (await world.FindAsync()).ShouldBeEmpty();
        (await world.RunAsync("discard", $"status/{scan}", "--reason", Why)).Code.ShouldBe(0);
        (await world.DiscardedAsync()).ShouldHaveSingleItem().ShouldStartWith($"dead-letters/discarded/{scan}-");
        var later = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(5);
        await world.Statuses.ChangeAsync(scan, status => status.ReceivedAgain(later).Failed(Failures.Poisoned, later), Cancel);
        (await world.FindAsync()).ShouldHaveSingleItem().Id.ShouldBe($"status/{scan}");
    }

    [Fact]
    public async Task Given_AnArchivedRequest_When_Discarded_Then_TheStatusOfItsScanIsNotListedInstead()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        var scan = ScanId.FromContent("a.png", [1]);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var request = ScanEvents.Requested(scan, 1, "/test", now);
        await world.Archive.StoreAsync(
            new DeadLetter(JsonSerializer.Serialize(request, ContractsJson.Default.CloudEventSegmentationRequested)) { Reason = "inference-failed" }, request.Id, Cancel);
        await world.Statuses.TryCreateAsync(ScanStatus.Received(scan, "a.png", now).Requested(1, now).Failed(Failures.DeadLettered, now), Cancel);
        (await world.FindAsync()).ShouldHaveSingleItem().Id.ShouldBe($"archive/{scan}-1");

        (await world.RunAsync("discard", $"archive/{scan}-1", "--reason", Why)).Code.ShouldBe(0);

        (await world.FindAsync()).ShouldBeEmpty();
        (await world.DiscardedAsync()).ShouldHaveSingleItem().ShouldStartWith($"dead-letters/discarded/{scan}-");
    }

    [Fact]
    public async Task Given_AnOldRequestOfAScanThatWasGivenUpLater_When_Discarded_Then_TheScanIsListedStill()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        var scan = ScanId.FromContent("a.png", [1]);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var request = ScanEvents.Requested(scan, 1, "/test", now);
        await world.Archive.StoreAsync(new DeadLetter(JsonSerializer.Serialize(request, ContractsJson.Default.CloudEventSegmentationRequested)), request.Id, Cancel);
        await world.Statuses.TryCreateAsync(ScanStatus.Received(scan, "a.png", now).Requested(8, now).Failed(Failures.GaveUp(8), now), Cancel);

        (await world.RunAsync("discard", $"archive/{scan}-1", "--reason", Why)).Code.ShouldBe(0);

        (await world.FindAsync()).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            letter => letter.Id.ShouldBe($"status/{scan}"), letter => letter.Cause.ShouldBe("gave-up"));
        (await world.RunAsync("discard", $"status/{scan}", "--reason", Why)).Code.ShouldBe(0);
        (await world.FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ManyFailedScans_When_OneIsDiscarded_Then_OnlyTheOthersAreListed()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        var scans = new List<ScanId>();
        for (var number = 0; number < 12; number++)
            scans.Add(await world.PoisonedAsync($"{number}.png"));

        (await world.RunAsync("discard", $"status/{scans[0]}", "--reason", Why)).Code.ShouldBe(0);

        (await world.FindAsync()).Select(letter => letter.Scan).ShouldBe(scans.Skip(1).Cast<ScanId?>(), ignoreOrder: true);
    }

    [Fact]
    public async Task Given_NewsOfUploads_When_Discarded_Then_NothingThatIsKeptNamesAnUpload()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        const string patient = "patient-7";
        const string name = $"{patient}/slice-1.png";
        var tag = await world.UploadAsync(Containers.Slices, name);
        await world.LeaveUndeliveredAsync("SLICES/2026/1.json", (Containers.Slices, name, tag));
        await world.PoisonAsync(StorageQueues.PoisonedSlices, "PreprocessSlice", Containers.Slices, name, tag);
        var news = $$$"""{"eventType":"Microsoft.Storage.BlobCreated","subject":"/blobServices/default/containers/slices/blobs/{{{name}}}","data":{"url":"http://storage/slices/{{{name}}}"}}""";
        world.LoseEvent(news);
        world.LoseEvent($"{{\"subject\":\"{ScanId.FromContent(name, [1])}\",\"name\":\"{name}\"}}");
        await world.Archive.StoreAsync(new DeadLetter(news) { Queue = Queues.UploadEvents }, $"correction-{ScanId.FromContent(name, [1])}", Cancel);
        var found = await world.FindAsync();
        found.Count.ShouldBe(5);

        (await world.RunAsync(["discard", .. found.Select(letter => letter.Id), "--reason", Why])).Code.ShouldBe(0);

        (await world.FindAsync()).ShouldBeEmpty();
        (await world.DiscardedAsync()).Count.ShouldBe(5);
        (await world.AuditAsync()).ShouldSatisfyAllConditions(
            audit => audit.ShouldNotContain(patient), audit => audit.ShouldNotContain("slice-1"), audit => audit.ShouldContain("sha256="));
    }

    [Fact]
    public async Task Given_ABlobThatIsTooLarge_When_Discarded_Then_ItsLengthIsKeptAndNoneOfIt()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        await world.LeaveUndeliveredAsync("SLICES/2026/1.json", new string('x', (int)UndeliveredEvents.MaxBytes + 1));

        (await world.RunAsync("discard", "undelivered-events/SLICES/2026/1.json", "--reason", Why)).Code.ShouldBe(0);

        (await world.FindAsync()).ShouldBeEmpty();
        (await world.AuditAsync()).ShouldSatisfyAllConditions(
            audit => audit.ShouldContain("length=2097153"), audit => audit.ShouldNotContain("sha256="), audit => audit.ShouldNotContain("xxx"));
    }

    [Fact]
    public async Task Given_UndeliveredAndPoisonedNewsOfOthers_When_Discarded_Then_TheyAreGone()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        await world.LeaveUndeliveredAsync("SLICES/2026/1.json", "[1]");
        await world.PoisonAsync(StorageQueues.PoisonedSlices, "hello");

        (await world.RunAsync(["discard", .. (await world.FindAsync()).Select(letter => letter.Id), "--reason", Why])).Code.ShouldBe(0);

        (await world.FindAsync()).ShouldBeEmpty();
        (await world.DiscardedAsync()).Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("discard", "training-requests/1")]
    [InlineData("discard", "training-requests/1", "--reason", " ")]
    [InlineData("discard", "--reason", "no id")]
    [InlineData("discard", "--queue", "training-requests", "--reason", "by filter")]
    public async Task Given_ACommandLineThatCannotBeUsed_When_Run_Then_NothingIsDone(params string[] arguments) =>
        (await _world.RunAsync(arguments)).Code.ShouldBe(2);

    [Fact]
    public async Task Given_AReasonThatIsTooLong_When_Run_Then_NothingIsDone() =>
        (await _world.RunAsync("discard", "training-requests/1", "--reason", new string('x', 301))).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(2), run => run.Said.ShouldContain("--reason must have 1 to 300 characters."));
}
