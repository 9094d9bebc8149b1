using Amqp;
using CtSeg.ServiceBus.Connections;

namespace CtSeg.ServiceBus.Queues;

internal sealed class MessageSender(Reopening<LiveConnection> connection, string queue, RetryPolicy retry) : IMessageSender
{
    /// <summary>Bytes that a batch needs for itself, and for every message in it.</summary>
    private const int BatchOverhead = 512;
    private const int SectionOverhead = 16;

    private readonly Reopening<SendingLink> _link = new(async cancellationToken =>
        await SendingLink.OpenAsync(await connection.GetAsync(cancellationToken), queue, cancellationToken));

    public Task SendAsync(OutgoingMessage message, CancellationToken cancellationToken) =>
        SendWithRetryAsync(() => MessageEncoding.ToAmqp(message), cancellationToken);

    public async Task SendAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        if (messages.Count == 0)
            return;
        var encoded = messages.Select(message => MessageEncoding.ToAmqp(message).Encode()).ToList();
        var link = await retry.RunAsync(token => _link.GetAsync(token).AsTask(), cancellationToken);
        foreach (var part in Parts(encoded, link.MaxMessageSize))
            await SendWithRetryAsync(() => MessageEncoding.ToBatch(part.Select(Copy)), cancellationToken);
    }

    public ValueTask DisposeAsync() => _link.DisposeAsync();

    /// <summary>A new message for every try: the library writes its own state into those that it sends.</summary>
    private Task<bool> SendWithRetryAsync(Func<Message> create, CancellationToken cancellationToken) => retry.RunAsync(async token =>
    {
        var link = await _link.GetAsync(token);
        await link.SendAsync(create(), token);
        return true;
    }, cancellationToken);

    private static ByteBuffer Copy(ByteBuffer buffer) => new(buffer.Buffer, buffer.Offset, buffer.Length, buffer.Length);

    private static IEnumerable<List<ByteBuffer>> Parts(List<ByteBuffer> encoded, int maxSize)
    {
        var part = new List<ByteBuffer>();
        var size = BatchOverhead;
        foreach (var message in encoded)
        {
            if (part.Count > 0 && size + message.Length + SectionOverhead > maxSize)
            {
                yield return part;
                part = [];
                size = BatchOverhead;
            }
            part.Add(message);
            size += message.Length + SectionOverhead;
        }
        yield return part;
    }
}
