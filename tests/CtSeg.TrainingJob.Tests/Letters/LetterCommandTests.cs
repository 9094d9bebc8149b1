using CtSeg.Contracts;
using CtSeg.TrainingJob.Letters;

namespace CtSeg.TrainingJob.Tests.Letters;

/// <summary>What the verbs answer to filters.</summary>
public sealed class LetterCommandTests
{
    private readonly LetterWorld _world = new();

    [Theory]
    [InlineData("list")]
    [InlineData("replay")]
    public async Task Given_AMistypedQueue_When_Asked_Then_TheCommandLineIsWrongAndTheKnownOnesAreNamed(string verb) =>
        (await _world.RunAsync(verb, "--queue", "segmentation-request")).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(ExitCodes.Usage),
            run => run.Said.ShouldContain(
                "--queue is 'segmentation-request': letters belong to upload-events, segmentation-requests, segmentation-completed, training-requests, alerts, "
                + "webjobs-blobtrigger-poison, webjobs-blobtrigger-poison-poison, undelivered-events, slices."));

    [Fact]
    public async Task Given_AKnownQueue_When_Asked_Then_TheCommandLineHolds()
    {
        foreach (var queue in LetterBox.KnownQueues)
            (await _world.RunAsync("list", "--queue", queue)).Code.ShouldBe(0);
    }

    [Fact]
    public async Task Given_ACauseThatNothingHas_When_Asked_Then_ThoseThatThereAreAreSaid()
    {
        await _world.KilledScansAsync(1);
        _world.Bus.Put(Queues.Alerts, "{}"u8.ToArray(), "a-1");
        _world.Bus.Kill(Queues.Alerts, "TTLExpiredException");

        (await _world.RunAsync("replay", "--cause", "max-delivery")).ShouldBe(
            (0, $"There are no such dead letters: those that there are have other causes (max-delivery-count-exceeded, ttl-expired).{Environment.NewLine}"));
        (await _world.RunAsync("list", "--cause", "max-delivery", "--queue", "alerts")).Said.ShouldEndWith(
            $"those that there are have other causes (ttl-expired).{Environment.NewLine}");
        (await _world.RunAsync("replay", "--scan", "0011223344556677")).ShouldBe((0, $"There are no such dead letters.{Environment.NewLine}"));
        (await _world.RunAsync("replay", "--cause", "ttl-expired")).Code.ShouldBe(0);
    }

    [Fact]
    public async Task Given_ALetter_When_Shown_Then_ItIsTold()
    {
        var scan = (await _world.KilledScansAsync(1))[0];
        var id = (await _world.FindAsync())[0].Id;

        (await _world.RunAsync("show", id, "--body")).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(0), run => run.Said.ShouldContain($"{scan}-1"));
        (await _world.RunAsync("show", "segmentation-requests/99")).Code.ShouldBe(1);
    }
}
