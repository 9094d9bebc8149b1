using CtSeg.ServiceBus;

namespace CtSeg.TrainingJob.Tests.Consumer.Fakes;

/// <summary>Queues in memory with peek-lock, delivery counts, dead letters and duplicate detection.</summary>
internal sealed class FakeServiceBus(TimeProvider time)
{
    private const string DeadLetters = "/$deadletterqueue";
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<Entry>> _queues = [];
    private readonly HashSet<string> _sentIds = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _sequence;

    public TimeSpan LockDuration { get; init; } = TimeSpan.FromHours(10);
    public int MaxDeliveryCount { get; init; } = 10;
    public int Renewals { get; private set; }
    public int WaitingReceivers { get; private set; }

    /// <summary>Also what a Functions output binding sends: without an id nothing is dropped as duplicate.</summary>
    public void Put(string queue, ReadOnlyMemory<byte> body, string? messageId = null, IReadOnlyDictionary<string, object>? properties = null)
    {
        lock (_lock)
        {
            if (messageId is null || _sentIds.Add($"{queue}/{messageId}"))
            {
                QueueOf(queue).Add(new Entry
                {
                    Body = body,
                    MessageId = messageId,
                    Sequence = ++_sequence,
                    EnqueuedTime = time.GetUtcNow(),
                    Properties = properties ?? new Dictionary<string, object>(),
                });
            }
        }
        Changed();
    }

    /// <summary>As if every delivery of a message had failed.</summary>
    public void Kill(string queue, string reason = "MaxDeliveryCountExceeded")
    {
        lock (_lock)
            foreach (var entry in QueueOf(queue).ToList())
                Move(queue, entry, reason, "");
        Changed();
    }

    public IReadOnlyList<Entry> Messages(string queue)
    {
        lock (_lock)
            return [.. QueueOf(queue)];
    }

    /// <summary>As time does: whoever held a message holds it no more.</summary>
    public void ExpireLocks()
    {
        lock (_lock)
            foreach (var entry in _queues.Values.SelectMany(queue => queue))
                entry.LockedUntil = DateTimeOffset.MinValue;
        Changed();
    }

    /// <summary>Awaits a state; checked whenever anything changes.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            Task next;
            lock (_lock)
                next = _changed.Task;
            if (condition())
                return;
            // Some states change without a step: look again after a while too.
            await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, deadline.Token));
            deadline.Token.ThrowIfCancellationRequested();
        }
    }

    public void Changed()
    {
        lock (_lock)
        {
            var before = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            before.SetResult();
        }
    }

    public IServiceBusClient Connect(Effects effects) => new Client(this, effects);

    private List<Entry> QueueOf(string queue) => _queues.TryGetValue(queue, out var found) ? found : _queues[queue] = [];

    private List<ReceivedMessage> Take(string queue, int count)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var taken = new List<ReceivedMessage>();
            foreach (var entry in QueueOf(queue).Where(entry => entry.LockedUntil <= now).ToList())
            {
                if (taken.Count == count)
                    break;
                if (entry.DeliveryCount >= MaxDeliveryCount && !queue.EndsWith(DeadLetters, StringComparison.Ordinal))
                {
                    Move(queue, entry, "MaxDeliveryCountExceeded", "");
                    continue;
                }
                entry.DeliveryCount++;
                entry.LockedUntil = now + LockDuration;
                entry.LockToken = Guid.NewGuid();
                taken.Add(entry.Show() with { LockToken = entry.LockToken });
            }
            return taken;
        }
    }

    private void Move(string queue, Entry entry, string reason, string description)
    {
        QueueOf(queue).Remove(entry);
        (entry.DeadLetterReason, entry.DeadLetterDescription) = (reason, description);
        entry.LockedUntil = DateTimeOffset.MinValue;
        QueueOf(queue + DeadLetters).Add(entry);
    }

    private Entry Locked(string queue, ReceivedMessage message) =>
        QueueOf(queue).SingleOrDefault(entry => entry.LockToken == message.LockToken && entry.LockedUntil > time.GetUtcNow())
        ?? throw new MessageLockLostException();

    internal sealed class Entry
    {
        public DateTimeOffset EnqueuedTime { get; init; }
        public required ReadOnlyMemory<byte> Body { get; init; }
        public string? MessageId { get; init; }
        public long Sequence { get; init; }
        public int DeliveryCount { get; set; }
        public Guid LockToken { get; set; }
        public DateTimeOffset LockedUntil { get; set; } = DateTimeOffset.MinValue;
        public string? DeadLetterReason { get; set; }
        public string? DeadLetterDescription { get; set; }
        public IReadOnlyDictionary<string, object> Properties { get; init; } = new Dictionary<string, object>();

        public ReceivedMessage Show() => new(Body, Guid.Empty)
        {
            MessageId = MessageId,
            DeliveryCount = DeliveryCount,
            SequenceNumber = Sequence,
            EnqueuedTime = EnqueuedTime,
            LockedUntil = LockedUntil,
            DeadLetterReason = DeadLetterReason,
            DeadLetterErrorDescription = DeadLetterDescription,
            ApplicationProperties = Properties,
        };
    }

    private sealed class Client(FakeServiceBus bus, Effects effects) : IServiceBusClient
    {
        public IMessageSender CreateSender(string queue) => new Sender(bus, effects, queue);
        public IMessageReceiver CreateReceiver(string queue, int prefetch = 0) => new Receiver(bus, effects, queue);
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Sender(FakeServiceBus bus, Effects effects, string queue) : IMessageSender
    {
        public Task SendAsync(OutgoingMessage message, CancellationToken cancellationToken) =>
            effects.StepAsync($"SEND {queue} {message.MessageId}", () =>
            {
                bus.Put(queue, message.Body, message.MessageId, message.ApplicationProperties);
                return true;
            }, cancellationToken);

        public async Task SendAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
        {
            foreach (var message in messages)
                await SendAsync(message, cancellationToken);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Receiver(FakeServiceBus bus, Effects effects, string queue) : IMessageReceiver
    {
        public async Task<IReadOnlyList<ReceivedMessage>> ReceiveAsync(int maxMessages, TimeSpan maxWait, CancellationToken cancellationToken)
        {
            var end = Task.Delay(maxWait, bus.Time, cancellationToken);
            while (true)
            {
                Task next;
                lock (bus._lock)
                    next = bus._changed.Task;
                await effects.NothingWhenDeadAsync(cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
                if (bus.Take(queue, maxMessages) is { Count: > 0 } taken)
                    return taken;
                if (end.IsCompleted)
                    break;
                bus.WaitingReceivers++;
                await Task.WhenAny(end, next);
                bus.WaitingReceivers--;
            }
            await end;
            return [];
        }

        public Task CompleteAsync(ReceivedMessage message, CancellationToken cancellationToken) =>
            SettleAsync("COMPLETE", message, entry => bus.QueueOf(queue).Remove(entry), cancellationToken);

        public Task AbandonAsync(ReceivedMessage message, CancellationToken cancellationToken) =>
            SettleAsync("ABANDON", message, entry => entry.LockedUntil = DateTimeOffset.MinValue, cancellationToken);

        public Task DeferAsync(ReceivedMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<ReceivedMessage>> ReceiveDeferredAsync(IReadOnlyList<long> sequenceNumbers, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<IReadOnlyList<ReceivedMessage>> PeekAsync(int maxMessages, long fromSequenceNumber, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ReceivedMessage>>(
                [.. bus.Messages(queue).Where(entry => entry.Sequence >= fromSequenceNumber).OrderBy(entry => entry.Sequence).Take(maxMessages).Select(entry => entry.Show())]);

        public Task DeadLetterAsync(ReceivedMessage message, string reason, string description, CancellationToken cancellationToken) =>
            SettleAsync("DEAD-LETTER", message, entry => bus.Move(queue, entry, reason, description), cancellationToken);

        public async Task<DateTimeOffset> RenewLockAsync(ReceivedMessage message, CancellationToken cancellationToken)
        {
            await effects.NothingWhenDeadAsync(cancellationToken);
            lock (bus._lock)
            {
                var entry = bus.Locked(queue, message);
                entry.LockedUntil = bus.Time.GetUtcNow() + bus.LockDuration;
                bus.Renewals++;
                bus.Changed();
                return entry.LockedUntil;
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private async Task SettleAsync(string name, ReceivedMessage message, Action<Entry> settle, CancellationToken cancellationToken)
        {
            await effects.StepAsync($"{name} {message.SequenceNumber}", () =>
            {
                lock (bus._lock)
                    settle(bus.Locked(queue, message));
                return true;
            }, cancellationToken);
            bus.Changed();
        }
    }

    private TimeProvider Time => time;
}
