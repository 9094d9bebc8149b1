using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CtSeg.Contracts;
using CtSeg.ServiceBus;
using CtSeg.Telemetry;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Events as messages. The message id is the event id, so the same told twice is dropped by duplicate detection.</summary>
internal static class EventMessages
{
    /// <value>Whoever tells something here.</value>
    public const string Source = "/ctseg/training-job";

    /// <summary>Sends an event to a queue, in a span of its own, whose trace context the message carries.</summary>
    public static async Task SendAsync<T>(
        this IMessageSender sender, string queue, CloudEvent<T> told, JsonTypeInfo<CloudEvent<T>> type, CancellationToken cancellationToken)
    {
        using var span = ScanSpans.StartSend(queue, told);
        try
        {
            await sender.SendAsync(Of(told.Under(span), type), cancellationToken);
        }
        catch (Exception e)
        {
            span.Fail(e);
            throw;
        }
    }

    public static OutgoingMessage Of<T>(CloudEvent<T> told, JsonTypeInfo<CloudEvent<T>> type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(told, type)) { MessageId = told.Id, Subject = told.Subject };

    /// <summary>The message as an operator sends it again.</summary>
    /// <param name="replays">How often, this time included.</param>
    public static OutgoingMessage Counted(this OutgoingMessage message, int replays) => message with
    {
        ApplicationProperties = new Dictionary<string, object> { [MessageProperties.Replays] = replays },
    };
}
