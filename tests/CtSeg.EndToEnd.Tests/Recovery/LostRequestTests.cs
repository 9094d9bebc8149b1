using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.ServiceBus;

namespace CtSeg.EndToEnd.Tests.Recovery;

/// <summary>No job runs at first: the test plays a job that loses or refuses its messages.</summary>
[Collection(SerialCollection.Name)]
public sealed class LostRequestTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Given_ARequestThatGotLost_When_TimePasses_Then_ItIsAskedForAgainAndCompletes()
    {
        await using var stack = await StartWithoutJobAsync(reconcileAfter: TimeSpan.FromSeconds(2), maxAttempts: 20);
        await stack.UploadAsync("lost/a.png", TestSlices.Phantom(4001));
        await LoseOneRequestAsync(stack);

        stack.Local.StartJob();

        var ended = await stack.EndOfAsync("lost/a.png");
        ended.ShouldHaveCompletedOnce();
        ended.Attempt.ShouldBeGreaterThan(1);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Given_RequestsThatAllGetLost_When_TheAttemptsAreUsedUp_Then_TheScanFails()
    {
        await using var stack = await StartWithoutJobAsync(reconcileAfter: TimeSpan.FromSeconds(1), maxAttempts: 3);
        await stack.UploadAsync("lost/b.png", TestSlices.Phantom(4002));

        for (var attempt = 1; attempt <= 3; attempt++)
            await LoseOneRequestAsync(stack);

        (await stack.EndOfAsync("lost/b.png")).ShouldHaveFailedOnceWith(FailureReason.GaveUp);
    }

    [Fact]
    public async Task Given_ARequestThatIsGivenBackAsOftenAsAllowed_When_DeadLettered_Then_TheScanFails()
    {
        await using var stack = await StartWithoutJobAsync(reconcileAfter: TimeSpan.FromHours(1), maxAttempts: 3);
        await stack.UploadAsync("dead/a.png", TestSlices.Phantom(4003));
        await using var client = stack.OpenServiceBus();
        await using var receiver = client.CreateReceiver(Queues.SegmentationRequests);

        for (var delivery = 1; delivery <= MaxDeliveries; delivery++)
            await receiver.AbandonAsync(await ReceiveOneAsync(receiver), TestContext.Current.CancellationToken);

        (await stack.EndOfAsync("dead/a.png")).ShouldHaveFailedOnceWith(FailureReason.DeadLettered);
    }

    private const int MaxDeliveries = 3;

    private static Task<RunningStack> StartWithoutJobAsync(TimeSpan reconcileAfter, int maxAttempts) => RunningStack.StartAsync(options => options with
    {
        StartJob = false,
        MaxDeliveryCount = MaxDeliveries,
        Settings = new Dictionary<string, string>
        {
            [Settings.ReconcileSchedule] = "* * * * * *",
            [Settings.ReconcileAfter] = reconcileAfter.ToString("c"),
            [Settings.MaxAttempts] = maxAttempts.ToString(System.Globalization.CultureInfo.InvariantCulture),
        },
    });

    private static async Task LoseOneRequestAsync(RunningStack stack)
    {
        await using var client = stack.OpenServiceBus();
        await using var receiver = client.CreateReceiver(Queues.SegmentationRequests);
        await receiver.CompleteAsync(await ReceiveOneAsync(receiver), TestContext.Current.CancellationToken);
    }

    private static async Task<ReceivedMessage> ReceiveOneAsync(IMessageReceiver receiver) =>
        (await receiver.ReceiveAsync(1, Wait, TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
}
