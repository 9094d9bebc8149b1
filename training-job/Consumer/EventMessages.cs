using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CtSeg.Contracts;
using CtSeg.ServiceBus;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Events as messages. The message id is the event id, so the same told twice is dropped by duplicate detection.</summary>
internal static class EventMessages
{
    /// <value>Whoever tells something here.</value>
    public const string Source = "/ctseg/training-job";

    public static OutgoingMessage Of<T>(CloudEvent<T> told, JsonTypeInfo<CloudEvent<T>> type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(told, type)) { MessageId = told.Id, Subject = told.Subject };
}
