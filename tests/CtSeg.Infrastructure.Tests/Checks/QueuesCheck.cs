using System.Xml;
using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Local.Stack;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Queues behave as those of the local system, with which the code is tested.</summary>
internal sealed class QueuesCheck : TemplateCheck
{
    private static readonly StackOptions Local = new(Checkout.Find());

    public override Task<IReadOnlyList<string>> FindAsync(Template template) => ForEachAsync(template, deployment =>
        deployment.OfType("Microsoft.ServiceBus/namespaces/queues").SelectMany(queue => new[]
        {
            Differs(queue, "lockDuration", Local.LockDuration),
            Differs(queue, "duplicateDetectionHistoryTimeWindow", ServiceBusNamespace.DuplicateDetectionWindow),
            Differs(queue, "defaultMessageTimeToLive", ServiceBusNamespace.TimeToLiveOf(queue.ShortName)),
            queue.Text("properties", "maxDeliveryCount") == $"{Local.MaxDeliveryCount}" ? null : $"Queue {queue.ShortName}: a message is delivered {Local.MaxDeliveryCount} times locally, not {queue.Text("properties", "maxDeliveryCount")}.",
            queue.Text("properties", "requiresDuplicateDetection") == "true" ? null : $"Queue {queue.ShortName} does not drop repeated messages.",
            queue.At("properties", "deadLetteringOnMessageExpiration")?.GetBoolean() == ServiceBusNamespace.KeepsExpired(queue.ShortName)
                ? null
                : ServiceBusNamespace.KeepsExpired(queue.ShortName) ? $"Queue {queue.ShortName} loses messages that expire." : $"Queue {queue.ShortName} fills with messages that nobody reads.",
        }.OfType<string>()));

    private static string? Differs(Resource queue, string property, TimeSpan local) =>
        queue.Text("properties", property) is { } text && XmlConvert.ToTimeSpan(text) == local ? null : $"Queue {queue.ShortName}: {property} is {queue.Text("properties", property)}, locally {local}.";
}
