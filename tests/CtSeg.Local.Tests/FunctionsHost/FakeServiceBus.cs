using System.Collections.Concurrent;
using System.Threading.Channels;
using CtSeg.ServiceBus;

namespace CtSeg.Local.Tests.FunctionsHost;

/// <summary>Queues in memory that note how each message was settled.</summary>
internal sealed class FakeServiceBus : IServiceBusClient
{
    private readonly ConcurrentDictionary<string, Channel<ReceivedMessage>> _queues = [];

    public Channel<(string Queue, OutgoingMessage Message)> Sent { get; } = Channel.CreateUnbounded<(string, OutgoingMessage)>();

    public Channel<(string How, ReceivedMessage Message)> Settled { get; } = Channel.CreateUnbounded<(string, ReceivedMessage)>();

    public int Renewals;

    private int _inHand;

    public int MostInHand { get; private set; }

    public void Deliver(string queue, ReceivedMessage message) => Queue(queue).Writer.TryWrite(message);

    public Task<(string Queue, OutgoingMessage Message)> NextSentAsync() => Sent.Reader.ReadAsync().AsTask().SoonAsync();

    public Task<(string How, ReceivedMessage Message)> NextSettledAsync() => Settled.Reader.ReadAsync().AsTask().SoonAsync();

    public IMessageSender CreateSender(string queue) => new Sender(this, queue);

    public IMessageReceiver CreateReceiver(string queue, int prefetch = 0) => new Receiver(this, Queue(queue));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Channel<ReceivedMessage> Queue(string name) => _queues.GetOrAdd(name, _ => Channel.CreateUnbounded<ReceivedMessage>());

    private sealed class Sender(FakeServiceBus bus, string queue) : IMessageSender
    {
        public Task SendAsync(OutgoingMessage message, CancellationToken cancellationToken) => SendAsync([message], cancellationToken);

        public Task SendAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
        {
            foreach (OutgoingMessage message in messages)
                bus.Sent.Writer.TryWrite((queue, message));
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Receiver(FakeServiceBus bus, Channel<ReceivedMessage> queue) : IMessageReceiver
    {
        public async Task<IReadOnlyList<ReceivedMessage>> ReceiveAsync(int maxMessages, TimeSpan maxWait, CancellationToken cancellationToken)
        {
            maxMessages.ShouldBeGreaterThan(0);
            List<ReceivedMessage> messages = [await queue.Reader.ReadAsync(cancellationToken)];
            while (messages.Count < maxMessages && queue.Reader.TryRead(out ReceivedMessage? more))
                messages.Add(more);
            bus.MostInHand = Math.Max(bus.MostInHand, Interlocked.Add(ref bus._inHand, messages.Count));
            return messages;
        }

        public Task CompleteAsync(ReceivedMessage message, CancellationToken cancellationToken) => Settle("complete", message);

        public Task AbandonAsync(ReceivedMessage message, CancellationToken cancellationToken) => Settle("abandon", message);

        public Task DeferAsync(ReceivedMessage message, CancellationToken cancellationToken) => Settle("defer", message);

        public Task DeadLetterAsync(ReceivedMessage message, string reason, string description, CancellationToken cancellationToken) => Settle("dead-letter", message);

        public Task<DateTimeOffset> RenewLockAsync(ReceivedMessage message, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref bus.Renewals);
            return Task.FromResult(message.LockedUntil + TimeSpan.FromDays(1));
        }

        public Task<IReadOnlyList<ReceivedMessage>> PeekAsync(int maxMessages, long fromSequenceNumber, CancellationToken cancellationToken) =>
            throw new NotSupportedException("A trigger does not peek.");

        public Task<IReadOnlyList<ReceivedMessage>> ReceiveDeferredAsync(IReadOnlyList<long> sequenceNumbers, CancellationToken cancellationToken) =>
            throw new NotSupportedException("A trigger does not defer.");

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private Task Settle(string how, ReceivedMessage message)
        {
            Interlocked.Decrement(ref bus._inHand);
            bus.Settled.Writer.TryWrite((how, message));
            return Task.CompletedTask;
        }
    }
}
