using Amqp;
using Amqp.Framing;
using Amqp.Types;
using CtSeg.Local.ServiceBus.Store;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>
/// Between AMQP messages and the store. The payload kept by the store is the encoded bare message (properties,
/// application properties, body), which the broker must not alter; header and annotations are made anew for every delivery.
/// </summary>
internal static class WireMessage
{
    /// <summary>The message format of a batch: every data section is one encoded message.</summary>
    public const uint BatchFormat = 0x80013700;

    private const int HeaderTtlField = 2;
    private const int OwnSectionsSize = 256;
    private static readonly Symbol ScheduledEnqueueTime = "x-opt-scheduled-enqueue-time";
    private static readonly Symbol SequenceNumber = "x-opt-sequence-number";
    private static readonly Symbol EnqueuedTime = "x-opt-enqueued-time";
    private static readonly Symbol EnqueueSequenceNumber = "x-opt-enqueue-sequence-number";
    private static readonly Symbol LockedUntil = "x-opt-locked-until";
    private static readonly Symbol DeadLetterSource = "x-opt-deadletter-source";
    private static readonly Symbol State = "x-opt-message-state";

    /// <summary>The messages in a transfer: one, or those of a batch.</summary>
    /// <exception cref="AmqpException">A message in the batch cannot be decoded.</exception>
    public static IReadOnlyList<Message> Unpack(Message message) => message.Format != BatchFormat
        ? [message]
        : message.Body switch
        {
            byte[] single => [Decode(single)],
            Data[] several => Array.ConvertAll(several, data => Decode(data.Binary)),
            _ => throw new AmqpException(ErrorCode.DecodeError, "A batch must consist of data sections."),
        };

    public static Message Decode(byte[] encoded) => Message.Decode(new ByteBuffer(encoded, 0, encoded.Length, encoded.Length));

    public static (MessageContent Content, DateTimeOffset? ScheduledFor) ToContent(Message message)
    {
        var annotations = new Dictionary<object, object>();
        DateTimeOffset? scheduledFor = null;
        // Pair by pair: the indexer refuses keys that are strings, which some clients send.
        foreach (var (key, value) in message.MessageAnnotations?.Map ?? [])
        {
            if (key.ToString() == (string)ScheduledEnqueueTime && value is DateTime time)
                scheduledFor = new DateTimeOffset(time.ToUniversalTime());
            else if (!IsOwned(key.ToString()))
                annotations[new Symbol(key.ToString())] = value;
        }
        var content = new MessageContent(EncodeBareMessage(message))
        {
            MessageId = message.Properties?.GetMessageId()?.ToString(),
            TimeToLive = message.Header is { } header && header.HasField(HeaderTtlField) ? TimeSpan.FromMilliseconds(header.Ttl) : null,
            Annotations = annotations,
        };
        return (content, scheduledFor);
    }

    public static ByteBuffer Encode(MessageSnapshot message)
    {
        var buffer = new ByteBuffer(OwnSectionsSize + message.Content.Payload.Length, autoGrow: true);
        var header = new Header { DeliveryCount = (uint)message.DeliveryCount };
        if (message.Content.TimeToLive is { } timeToLive)
            header.Ttl = (uint)timeToLive.TotalMilliseconds;
        header.Encode(buffer);
        Annotations(message).Encode(buffer);
        var payload = message.ChangedProperties.Count == 0 ? message.Content.Payload : WithProperties(message);
        buffer.ValidateWrite(payload.Length);
        payload.CopyTo(buffer.Buffer.AsMemory(buffer.WritePos));
        buffer.Append(payload.Length);
        return buffer;
    }

    /// <summary>For answers that carry whole messages inside a map.</summary>
    public static byte[] EncodeToArray(MessageSnapshot message)
    {
        var buffer = Encode(message);
        return buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();
    }

    private static MessageAnnotations Annotations(MessageSnapshot message)
    {
        var annotations = new MessageAnnotations();
        foreach (var (key, value) in message.Content.Annotations)
            annotations.Map[key] = value;
        annotations.Map[SequenceNumber] = message.SequenceNumber;
        annotations.Map[EnqueueSequenceNumber] = message.EnqueuedSequenceNumber;
        annotations.Map[EnqueuedTime] = message.EnqueuedTime.UtcDateTime;
        if (message.LockedUntil is { } lockedUntil)
            annotations.Map[LockedUntil] = lockedUntil.UtcDateTime;
        if (message.ScheduledFor is { } scheduledFor)
            annotations.Map[ScheduledEnqueueTime] = scheduledFor.UtcDateTime;
        if (message.DeadLetterSource is { } source)
            annotations.Map[DeadLetterSource] = source;
        var state = message.State switch { MessageState.Deferred => 1, MessageState.Scheduled => 2, _ => 0 };
        if (state != 0)
            annotations.Map[State] = state;
        return annotations;
    }

    private static bool IsOwned(string? annotation) => annotation is null
        or "x-opt-scheduled-enqueue-time" or "x-opt-sequence-number" or "x-opt-enqueued-time" or "x-opt-enqueue-sequence-number"
        or "x-opt-locked-until" or "x-opt-deadletter-source" or "x-opt-message-state";

    private static ReadOnlyMemory<byte> WithProperties(MessageSnapshot message)
    {
        var decoded = Decode(message.Content.Payload.ToArray());
        decoded.ApplicationProperties ??= new ApplicationProperties();
        foreach (var (name, value) in message.ChangedProperties)
            decoded.ApplicationProperties.Map[name] = value;
        return EncodeBareMessage(decoded);
    }

    private static ReadOnlyMemory<byte> EncodeBareMessage(Message message)
    {
        var buffer = new ByteBuffer(message.GetEstimatedMessageSize(), autoGrow: true);
        message.Properties?.Encode(buffer);
        message.ApplicationProperties?.Encode(buffer);
        message.BodySection?.Encode(buffer);
        message.Footer?.Encode(buffer);
        return buffer.Buffer.AsMemory(buffer.Offset, buffer.Length);
    }
}
