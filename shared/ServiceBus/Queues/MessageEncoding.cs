using System.Text;
using Amqp;
using Amqp.Framing;

namespace CtSeg.ServiceBus.Queues;

/// <summary>Between our messages and those of AMQP.</summary>
internal static class MessageEncoding
{
    public const uint BatchFormat = 0x80013700;
    private const int LockTokenSize = 16;

    public static Message ToAmqp(OutgoingMessage message)
    {
        var properties = new Properties { ContentType = message.ContentType };
        if (message.MessageId is not null)
            properties.MessageId = message.MessageId;
        if (message.Subject is not null)
            properties.Subject = message.Subject;
        if (message.CorrelationId is not null)
            properties.CorrelationId = message.CorrelationId;
        var encoded = new Message { Properties = properties, BodySection = new Data { Binary = message.Body.ToArray() } };
        if (message.ApplicationProperties.Count > 0)
        {
            encoded.ApplicationProperties = new ApplicationProperties();
            foreach (var (name, value) in message.ApplicationProperties)
                encoded.ApplicationProperties.Map[name] = value;
        }
        return encoded;
    }

    public static Message ToBatch(IEnumerable<ByteBuffer> encodedMessages)
    {
        var sections = new DataList();
        foreach (var encoded in encodedMessages)
            sections.Add(new Data { Buffer = encoded });
        return new Message { Format = BatchFormat, BodySection = sections };
    }

    /// <returns>The lock token that the service puts into the delivery tag; empty if there is none.</returns>
    public static Guid LockToken(Message message) => message.DeliveryTag is { Length: LockTokenSize } tag ? new Guid(tag) : Guid.Empty;

    public static ReceivedMessage FromEncoded(byte[] encoded, Guid lockToken) =>
        FromAmqp(Message.Decode(new ByteBuffer(encoded, 0, encoded.Length, encoded.Length)), lockToken);

    public static ReceivedMessage FromAmqp(Message message, Guid lockToken)
    {
        var properties = new Dictionary<string, object>();
        foreach (var (key, value) in message.ApplicationProperties?.Map ?? [])
            properties[key.ToString()!] = value;
        var annotations = new Dictionary<string, object>();
        foreach (var (key, value) in message.MessageAnnotations?.Map ?? [])
            annotations[key.ToString()!] = value;
        return new ReceivedMessage(Body(message), lockToken)
        {
            MessageId = message.Properties?.GetMessageId()?.ToString(),
            Subject = message.Properties?.Subject,
            CorrelationId = message.Properties?.GetCorrelationId()?.ToString(),
            ContentType = message.Properties?.ContentType,
            // The header counts the deliveries that failed before this one.
            DeliveryCount = (int)(message.Header?.DeliveryCount ?? 0) + 1,
            SequenceNumber = annotations.GetValueOrDefault("x-opt-sequence-number") is long number ? number : 0,
            EnqueuedTime = Time(annotations.GetValueOrDefault("x-opt-enqueued-time")),
            LockedUntil = Time(annotations.GetValueOrDefault("x-opt-locked-until")),
            DeadLetterReason = properties.GetValueOrDefault("DeadLetterReason") as string,
            DeadLetterErrorDescription = properties.GetValueOrDefault("DeadLetterErrorDescription") as string,
            ApplicationProperties = properties,
        };
    }

    private static DateTimeOffset Time(object? annotation) =>
        annotation is DateTime time ? new DateTimeOffset(time.ToUniversalTime()) : default;

    /// <summary>Data sections, or a value that is text or binary, as other senders write it.</summary>
    private static ReadOnlyMemory<byte> Body(Message message) => message.Body switch
    {
        byte[] binary => binary,
        Data[] sections => sections.SelectMany(section => section.Binary).ToArray(),
        string text => Encoding.UTF8.GetBytes(text),
        ByteBuffer buffer => buffer.Buffer.AsMemory(buffer.Offset, buffer.Length).ToArray(),
        null => ReadOnlyMemory<byte>.Empty,
        var other => throw new ServiceBusException($"The body of the message is of type {other.GetType().Name}: only data, text and binary can be read.", isTransient: false),
    };
}
