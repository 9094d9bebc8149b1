using Azure;
using CtSeg.Contracts;
using CtSeg.Recovery;
using CtSeg.Testing;
using CtSeg.TrainingJob.Letters;

namespace CtSeg.TrainingJob.Tests.Letters;

public sealed class PoisonQueueLettersTests(AzuriteFixture azurite)
{
    private const string Queue = StorageQueues.PoisonedSlices;
    // More than a storage queue shows.
    private const int Foreign = 70;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_MoreThanAreShown_When_Listed_Then_TheTrueCountIsSaid()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        await LeaveForeignAsync(world);

        var (code, said) = await world.RunAsync("list", "--json");
        code.ShouldBe(0);
        said.ShouldContain("\"count\": 70");
        said.ShouldContain("\"place\": \"webjobs-blobtrigger-poison\"");
        said.ShouldContain("\"count\": 38");
        (await world.RunAsync("list")).Said.ShouldContain("webjobs-blobtrigger-poison holds about 38 more, of whatever cause: it shows no more than 32 at a time.");
        (await world.RunAsync("list", "--scan", "0011223344556677")).Said.ShouldStartWith("There are no such dead letters in");
    }

    [Fact]
    public async Task Given_ManyMessagesThatAreLeftBeforeGoodOnes_When_Replayed_Then_AllGoodOnesAreSentAndTheOthersMayBeSeenAtOnce()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        await LeaveForeignAsync(world);
        var before = await LeaveSlicesAsync(world, 40);

        var ends = await world.ReplayAsync();

        ends.Count(end => end.Outcome.Decision == ReplayDecision.Send).ShouldBe(40);
        ends.Count(end => end.Outcome.Decision == ReplayDecision.Refused).ShouldBe(Foreign);
        foreach (var (name, etag) in before)
            (await world.ShouldBeAsUploadedAsync(Containers.Slices, name)).ShouldNotBe(etag);
        (await world.Queue(Queue).GetPropertiesAsync(Cancel)).Value.ApproximateMessagesCount.ShouldBe(Foreign);
        (await world.CountShownAsync(Queue)).ShouldBe(PoisonQueueLetters.Page);
    }

    [Fact]
    public async Task Given_MoreThanAreShown_When_ReplayedByTheCommand_Then_ItEndsWithOneUntilNoneIsLeft()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        await LeaveSlicesAsync(world, 40);
        (await world.RunAsync("replay", "--dry-run")).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(0), run => run.Said.ShouldContain("holds about 8 more"), run => run.Said.ShouldContain("What would become of them is not known."));
        var held = (await world.Queue(Queue).ReceiveMessagesAsync(2, TimeSpan.FromMinutes(5), Cancel)).Value;

        (await world.RunAsync("replay")).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(1),
            run => run.Said.ShouldContain("About 2 more in webjobs-blobtrigger-poison are left: somebody else has them just now"));
        foreach (var message in held)
            await world.Queue(Queue).UpdateMessageAsync(message.MessageId, message.PopReceipt, message.Body, TimeSpan.Zero, Cancel);

        (await world.RunAsync("replay")).Code.ShouldBe(0);
        (await world.FindAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_AFilterThatTheFirstOnesDoNotMatch_When_Replayed_Then_TheOthersAreSent()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        await LeaveForeignAsync(world);
        await LeaveSlicesAsync(world, 3);
        var filter = new LetterFilter(null, "poisoned-preprocess-slice", null);

        (await world.ReplayAsync(filter: filter)).Select(end => end.Outcome.Decision).ShouldBe([ReplayDecision.Send, ReplayDecision.Send, ReplayDecision.Send]);

        (await world.ReplayAsync(filter: filter)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Given_ALimit_When_Replayed_Then_NoMoreAreTaken()
    {
        var world = await UploadWorld.OpenAsync(azurite);
        await LeaveSlicesAsync(world, 40);

        (await world.RunAsync("replay", "--max", "35")).Code.ShouldBe(0);

        (await world.FindAsync()).Count.ShouldBe(5);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Given_AHoldThatRanOut_When_TheMessageIsSettled_Then_NothingFailsAndItStaysWithWhoHasIt(bool mayGo)
    {
        var world = await UploadWorld.OpenAsync(azurite);
        await LeaveSlicesAsync(world, 1);
        var letters = new PoisonQueueLetters(world.Queue(Queue), TimeSpan.FromSeconds(1));
        var found = await letters.FindAsync(Cancel);

        var ends = new List<LetterRemoval>();

        var left = await letters.TakeAsync(found, SettleAsync, (_, end) => ends.Add(end), Cancel);

        left.ShouldBeEmpty();
        ends.ShouldBe(mayGo ? [LetterRemoval.Stayed] : []);
        (await world.Queue(Queue).GetPropertiesAsync(Cancel)).Value.ApproximateMessagesCount.ShouldBe(1);
        (await world.CountShownAsync(Queue)).ShouldBe(0);

        async Task<bool> SettleAsync(FoundLetter letter, CancellationToken token)
        {
            while ((await world.Queue(Queue).ReceiveMessagesAsync(1, TimeSpan.FromMinutes(5), token)).Value.Length == 0)
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, token);
            return mayGo;
        }
    }

    private static async Task LeaveForeignAsync(UploadWorld world)
    {
        for (var number = 0; number < Foreign; number++)
            await world.PoisonAsync(Queue, "hello");
    }

    private static async Task<IReadOnlyList<(string Name, ETag ETag)>> LeaveSlicesAsync(UploadWorld world, int count)
    {
        var left = new List<(string, ETag)>();
        for (var number = 0; number < count; number++)
        {
            var name = $"patient-7/{number}.png";
            left.Add((name, await world.UploadAsync(Containers.Slices, name)));
            await world.PoisonAsync(Queue, "PreprocessSlice", Containers.Slices, name, left[^1].Item2);
        }
        return left;
    }
}
