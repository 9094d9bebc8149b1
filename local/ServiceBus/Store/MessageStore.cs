using System.Diagnostics.CodeAnalysis;

namespace CtSeg.Local.ServiceBus.Store;

/// <summary>The queues of one namespace, each with its dead-letter queue. Names are compared without regard to case.</summary>
internal sealed class MessageStore : IDisposable
{
    public const string DeadLetterSuffix = "/$deadletterqueue";

    private readonly Dictionary<string, MessageQueue> _queues = new(StringComparer.OrdinalIgnoreCase);

    public MessageStore(IEnumerable<QueueSettings> queues, TimeProvider time)
    {
        foreach (var settings in queues)
        {
            var deadLetters = new MessageQueue(
                new QueueSettings(settings.Name + DeadLetterSuffix) { LockDuration = settings.LockDuration }, deadLetters: null, time);
            _queues.Add(deadLetters.Name, deadLetters);
            _queues.Add(settings.Name, new MessageQueue(settings, deadLetters, time));
        }
    }

    public IEnumerable<string> QueueNames => _queues.Keys;

    public bool TryGetQueue(string name, [NotNullWhen(true)] out MessageQueue? queue) => _queues.TryGetValue(name, out queue);

    public void Dispose()
    {
        foreach (var queue in _queues.Values)
            queue.Dispose();
    }
}
