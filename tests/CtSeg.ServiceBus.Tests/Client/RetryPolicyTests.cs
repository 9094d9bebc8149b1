using Amqp;
using Amqp.Framing;
using CtSeg.ServiceBus.Connections;

namespace CtSeg.ServiceBus.Tests.Client;

public sealed class RetryPolicyTests
{
    private static readonly ServiceBusClientOptions Options = new()
    {
        FirstDelay = TimeSpan.FromMilliseconds(100), LongestDelay = TimeSpan.FromSeconds(1), JitterSeed = 7,
    };

    [Fact]
    public void Given_TriesThatFail_When_Waiting_Then_DelaysDoubleUpToTheLongestLessAtMostHalf()
    {
        var policy = new RetryPolicy(Options);

        foreach (var (tries, full) in new[] { (1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (30, 1000) })
            policy.DelayAfter(tries).TotalMilliseconds.ShouldBeInRange(full / 2.0, full);
    }

    [Fact]
    public void Given_SameSeed_When_Waiting_Then_SameDelays() =>
        Enumerable.Range(1, 5).Select(new RetryPolicy(Options).DelayAfter).ShouldBe(Enumerable.Range(1, 5).Select(new RetryPolicy(Options).DelayAfter));

    [Fact]
    public async Task Given_PermanentFault_When_Run_Then_TriedOnce()
    {
        var tries = 0;
        var run = () => new RetryPolicy(Options).RunAsync<int>(_ =>
        {
            tries++;
            throw new ServiceBusException("no", isTransient: false);
        }, TestContext.Current.CancellationToken);

        await run.ShouldThrowAsync<ServiceBusException>();
        tries.ShouldBe(1);
    }

    [Fact]
    public async Task Given_ARefusalThatComesWithTheCancellation_When_Run_Then_ItIsToldInTermsOfTheContract()
    {
        using var cancelled = new CancellationTokenSource();
        var run = () => new RetryPolicy(Options).RunAsync<int>(async _ =>
        {
            await cancelled.CancelAsync();
            throw new AmqpException(new Error(Faults.LockLost));
        }, cancelled.Token);

        await run.ShouldThrowAsync<MessageLockLostException>();
    }

    [Fact]
    public async Task Given_AConnectionThatBreaksWithTheCancellation_When_Run_Then_ItIsCancelled()
    {
        using var cancelled = new CancellationTokenSource();
        var tries = 0;
        var run = () => new RetryPolicy(Options).RunAsync<int>(async _ =>
        {
            tries++;
            await cancelled.CancelAsync();
            throw new AmqpException(ErrorCode.ConnectionForced, "gone");
        }, cancelled.Token);

        await run.ShouldThrowAsync<OperationCanceledException>();
        tries.ShouldBe(1);
    }
}
