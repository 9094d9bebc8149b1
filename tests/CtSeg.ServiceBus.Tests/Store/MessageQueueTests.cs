using CtSeg.Local.ServiceBus.Store;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.ServiceBus.Tests.Store;

public sealed class MessageQueueTests : IDisposable
{
    private static readonly TimeSpan LockDuration = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly List<MessageStore> _stores = [];

    public void Dispose() => _stores.ForEach(store => store.Dispose());

    [Fact]
    public void Given_MessagesInOrder_When_Taken_Then_OrderAndNumbersGrow()
    {
        var (queue, _) = Queue();
        var numbers = Enumerable.Range(0, 5).Select(i => queue.Enqueue(Content($"{i}"))).ToList();

        var taken = Enumerable.Range(0, 5).Select(_ => queue.Take(ReceiveMode.PeekLock)!).ToList();

        taken.Select(message => message.SequenceNumber).ShouldBe(numbers);
        taken.Select(message => message.Content.MessageId).ShouldBe(["0", "1", "2", "3", "4"]);
        queue.Take(ReceiveMode.PeekLock).ShouldBeNull();
    }

    [Fact]
    public void Given_LockedMessage_When_LockRunsOut_Then_DeliveredAgainWithCountAndOldTokenIsDead()
    {
        var (queue, _) = Queue();
        queue.Enqueue(Content());
        var first = queue.Take(ReceiveMode.PeekLock)!;
        first.LockedUntil.ShouldBe(_time.GetUtcNow() + LockDuration);

        _time.Advance(LockDuration - TimeSpan.FromTicks(1));
        queue.Take(ReceiveMode.PeekLock).ShouldBeNull();
        _time.Advance(TimeSpan.FromTicks(1));

        queue.Complete(first.LockToken).ShouldBeFalse();
        var second = queue.Take(ReceiveMode.PeekLock)!;
        second.DeliveryCount.ShouldBe(1);
        second.LockToken.ShouldNotBe(first.LockToken);
    }

    [Fact]
    public void Given_LockedMessage_When_Renewed_Then_LockEndsOneDurationFromNow()
    {
        var (queue, _) = Queue();
        queue.Enqueue(Content());
        var taken = queue.Take(ReceiveMode.PeekLock)!;
        _time.Advance(LockDuration / 2);

        queue.RenewLock(taken.LockToken).ShouldBe(_time.GetUtcNow() + LockDuration);
        _time.Advance(LockDuration / 2);

        queue.Complete(taken.LockToken).ShouldBeTrue();
        queue.Count.ShouldBe(0);
        queue.RenewLock(taken.LockToken).ShouldBeNull();
    }

    [Fact]
    public void Given_ReleasedMessage_When_TakenAgain_Then_NoAttemptCounted()
    {
        var (queue, deadLetters) = Queue(settings => settings with { MaxDeliveryCount = 1 });
        queue.Enqueue(Content());

        queue.Release(queue.Take(ReceiveMode.PeekLock)!.LockToken).ShouldBeTrue();

        queue.Take(ReceiveMode.PeekLock)!.DeliveryCount.ShouldBe(0);
        deadLetters.Count.ShouldBe(0);
    }

    [Fact]
    public void Given_MaxDeliveryCount_When_AbandonedThatOften_Then_DeadLetteredWithReasonAndSource()
    {
        var (queue, deadLetters) = Queue(settings => settings with { MaxDeliveryCount = 2 });
        queue.Enqueue(Content("poison"));
        queue.Abandon(queue.Take(ReceiveMode.PeekLock)!.LockToken);
        queue.Count.ShouldBe(1);
        queue.Abandon(queue.Take(ReceiveMode.PeekLock)!.LockToken);

        queue.Count.ShouldBe(0);
        var dead = deadLetters.Take(ReceiveMode.PeekLock)!;
        dead.Content.MessageId.ShouldBe("poison");
        dead.ChangedProperties["DeadLetterReason"].ShouldBe("MaxDeliveryCountExceeded");
        dead.DeadLetterSource.ShouldBe("jobs");
    }

    [Fact]
    public void Given_DeadLetterQueue_When_AbandonedOften_Then_KeepsTheMessage()
    {
        var (queue, deadLetters) = Queue(settings => settings with { MaxDeliveryCount = 1 });
        queue.Enqueue(Content());
        queue.Abandon(queue.Take(ReceiveMode.PeekLock)!.LockToken);

        for (var i = 0; i < 20; i++)
            deadLetters.Abandon(deadLetters.Take(ReceiveMode.PeekLock)!.LockToken).ShouldBeTrue();

        deadLetters.Count.ShouldBe(1);
    }

    [Fact]
    public void Given_DeferredMessage_When_TimePasses_Then_OnlyItsNumberBringsItBack()
    {
        var (queue, _) = Queue(settings => settings with { DefaultMessageTimeToLive = TimeSpan.FromMinutes(1) });
        var number = queue.Enqueue(Content());
        queue.Defer(queue.Take(ReceiveMode.PeekLock)!.LockToken).ShouldBeTrue();
        _time.Advance(TimeSpan.FromDays(1));

        queue.Take(ReceiveMode.PeekLock).ShouldBeNull();
        queue.TakeDeferred([number + 1], ReceiveMode.PeekLock).ShouldBeNull();
        var deferred = queue.TakeDeferred([number], ReceiveMode.PeekLock)!.ShouldHaveSingleItem();
        deferred.State.ShouldBe(MessageState.Deferred);
        queue.TakeDeferred([number], ReceiveMode.PeekLock).ShouldBeNull();
        _time.Advance(LockDuration);
        queue.TakeDeferred([number], ReceiveMode.ReceiveAndDelete).ShouldNotBeNull();
        queue.Count.ShouldBe(0);
    }

    [Fact]
    public void Given_ScheduledMessage_When_ItsTimeComes_Then_ActiveUnderANewNumber()
    {
        var (queue, _) = Queue();
        var waiter = new Waiter();
        var number = queue.Schedule(Content("later"), _time.GetUtcNow().AddMinutes(5));
        queue.TakeOrWait(ReceiveMode.PeekLock, waiter).ShouldBeNull();
        queue.Peek(0, 10).ShouldHaveSingleItem().State.ShouldBe(MessageState.Scheduled);

        _time.Advance(TimeSpan.FromMinutes(5));

        waiter.Calls.ShouldBe(1);
        queue.Take(ReceiveMode.PeekLock)!.SequenceNumber.ShouldBeGreaterThan(number);
        queue.CancelScheduled(number).ShouldBeFalse();
    }

    [Fact]
    public void Given_ScheduledMessage_When_Cancelled_Then_NeverComes()
    {
        var (queue, _) = Queue();
        var number = queue.Schedule(Content(), _time.GetUtcNow().AddMinutes(5));

        queue.CancelScheduled(number).ShouldBeTrue();
        _time.Advance(TimeSpan.FromHours(1));

        queue.Take(ReceiveMode.PeekLock).ShouldBeNull();
        queue.Count.ShouldBe(0);
    }

    [Fact]
    public void Given_DuplicateDetection_When_SameIdWithinWindow_Then_DroppedAndForgottenAfterIt()
    {
        var (queue, _) = Queue(settings => settings with { RequiresDuplicateDetection = true, DuplicateDetectionHistoryTimeWindow = TimeSpan.FromMinutes(10) });
        var number = queue.Enqueue(Content("same"));
        queue.Enqueue(Content("same")).ShouldBe(number);
        queue.Enqueue(Content(null)).ShouldNotBe(queue.Enqueue(Content(null)));
        queue.Take(ReceiveMode.ReceiveAndDelete);
        queue.Enqueue(Content("same")).ShouldBe(number);

        _time.Advance(TimeSpan.FromMinutes(10));

        queue.Enqueue(Content("same")).ShouldNotBe(number);
    }

    [Fact]
    public void Given_DuplicateHistory_When_NothingHappensForItsWindow_Then_ItIsEmpty()
    {
        var (queue, _) = Queue(settings => settings with { RequiresDuplicateDetection = true, DuplicateDetectionHistoryTimeWindow = TimeSpan.FromMinutes(1) });
        for (var i = 0; i < 1000; i++)
            queue.Enqueue(Content($"{i}"));
        queue.HistoryCount.ShouldBe(1000);

        _time.Advance(TimeSpan.FromMinutes(2));

        queue.HistoryCount.ShouldBe(0);
    }

    [Fact]
    public void Given_TimeToLive_When_ItEnds_Then_DroppedWithoutAnybodyLooking()
    {
        var (queue, deadLetters) = Queue(settings => settings with { DefaultMessageTimeToLive = TimeSpan.FromMinutes(10) });
        queue.Enqueue(Content() with { TimeToLive = TimeSpan.FromMinutes(1) });
        queue.Enqueue(Content() with { TimeToLive = TimeSpan.FromDays(1) });

        _time.Advance(TimeSpan.FromMinutes(1));
        queue.Count.ShouldBe(1);
        _time.Advance(TimeSpan.FromMinutes(9));

        queue.Count.ShouldBe(0);
        deadLetters.Count.ShouldBe(0);
    }

    [Fact]
    public void Given_DeadLetteringOnExpiration_When_MessageExpires_Then_DeadLetteredAndWaiterTold()
    {
        var (queue, deadLetters) = Queue(settings => settings with { DeadLetteringOnMessageExpiration = true });
        queue.Enqueue(Content() with { TimeToLive = TimeSpan.FromMinutes(1) });
        var waiter = new Waiter();
        deadLetters.TakeOrWait(ReceiveMode.PeekLock, waiter).ShouldBeNull();

        _time.Advance(TimeSpan.FromMinutes(1));

        waiter.Calls.ShouldBe(1);
        deadLetters.Take(ReceiveMode.PeekLock)!.ChangedProperties["DeadLetterReason"].ShouldBe("TTLExpiredException");
    }

    [Fact]
    public void Given_LockedMessage_When_ItExpiresUnderLock_Then_ItCanStillBeCompleted()
    {
        var (queue, _) = Queue();
        queue.Enqueue(Content() with { TimeToLive = TimeSpan.FromSeconds(10) });
        var taken = queue.Take(ReceiveMode.PeekLock)!;

        _time.Advance(TimeSpan.FromSeconds(20));

        queue.Complete(taken.LockToken).ShouldBeTrue();
    }

    [Fact]
    public void Given_SettlementWithProperties_When_DeliveredAgain_Then_EarlierSnapshotsKeepTheirOwn()
    {
        var (queue, _) = Queue();
        queue.Enqueue(Content());
        var first = queue.Take(ReceiveMode.PeekLock)!;
        queue.Abandon(first.LockToken, new Dictionary<string, object> { ["a"] = 1 });
        var second = queue.Take(ReceiveMode.PeekLock)!;
        queue.Abandon(second.LockToken, new Dictionary<string, object> { ["b"] = 2 });

        first.ChangedProperties.ShouldBeEmpty();
        second.ChangedProperties.Count.ShouldBe(1);
        queue.Take(ReceiveMode.PeekLock)!.ChangedProperties.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Given_ManyTakersAndSenders_When_Concurrent_Then_EveryMessageIsTakenOnce()
    {
        var (queue, _) = Queue();
        const int count = 5000;
        var taken = new System.Collections.Concurrent.ConcurrentBag<long>();
        var senders = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < count / 4; i++)
                queue.Enqueue(Content());
        }, TestContext.Current.CancellationToken));
        var takers = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            while (taken.Count < count)
            {
                if (queue.Take(ReceiveMode.PeekLock) is { } message && queue.Complete(message.LockToken))
                    taken.Add(message.SequenceNumber);
            }
        }, TestContext.Current.CancellationToken));

        await Task.WhenAll(senders.Concat(takers));

        taken.Distinct().Count().ShouldBe(count);
        queue.Count.ShouldBe(0);
    }

    private (MessageQueue Queue, MessageQueue DeadLetters) Queue(Func<QueueSettings, QueueSettings>? change = null)
    {
        var settings = new QueueSettings("jobs") { LockDuration = LockDuration };
        var store = new MessageStore([change?.Invoke(settings) ?? settings], _time);
        _stores.Add(store);
        store.TryGetQueue("JOBS", out var queue).ShouldBeTrue();
        store.TryGetQueue("jobs/$DeadLetterQueue", out var deadLetters).ShouldBeTrue();
        return (queue, deadLetters);
    }

    private static MessageContent Content(string? id = "id") => new(new byte[] { 1 }) { MessageId = id };

    private sealed class Waiter : IMessageWaiter
    {
        public int Calls { get; private set; }
        public void OnMessagesAvailable() => Calls++;
    }
}
