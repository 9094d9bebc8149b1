using CtSeg.Contracts;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>
/// Functions are told of every upload: by their webhooks, in the schema of the host's blob trigger; where they can be reached by nobody outside, by a queue, in
/// that of TakeUpload, and Event Grid may write to it. What cannot be delivered is kept.
/// </summary>
internal sealed class UploadsCheck : TemplateCheck
{
    private static readonly string[] Uploads = [Containers.Slices, Containers.Corrections];

    public override async Task<IReadOnlyList<string>> FindAsync(Template template)
    {
        var found = new List<string>(await ForEachAsync(template, Queue));
        var webhooks = await template.DeploymentAsync(Template.Subscriptions);
        found.AddRange(Uploads.Except(SubscriptionsOf(webhooks).Where(Calls).Select(subscription => subscription.ShortName)).Select(container => $"No webhook is told of uploads in {container}."));
        return found;
    }

    private static IEnumerable<string> Queue(Deployment deployment)
    {
        var told = SubscriptionsOf(deployment).Where(Tells).Select(subscription => subscription.ShortName).Order(StringComparer.Ordinal);
        var trusted = deployment.OfType("Microsoft.ServiceBus/namespaces/networkRuleSets").Any(network => network.Text("properties", "trustedServiceAccessEnabled") == "true");
        if (deployment.Parameters != "private")
            return told.Select(container => $"Uploads in {container} are told of twice: by a queue and by the hook's webhook.");
        return Uploads.Except(told).Select(container => $"Nobody tells of uploads in {container}.").Concat(trusted ? [] : ["Event Grid is not let in to Service Bus."]);
    }

    private static IEnumerable<Resource> SubscriptionsOf(Deployment deployment) => deployment.OfType("Microsoft.EventGrid/systemTopics/eventSubscriptions");

    private static bool Tells(Resource subscription) =>
        IsOfUploads(subscription)
        && subscription.Text("properties", "deliveryWithResourceIdentity", "destination", "properties", "resourceId")?.EndsWith($"/queues/{Queues.UploadEvents}", StringComparison.Ordinal) == true
        && subscription.Text("properties", "eventDeliverySchema") == "CloudEventSchemaV1_0";

    /// <summary>One event a request: the host's webhook takes lists, and a function that fails would have all of one sent again.</summary>
    private static bool Calls(Resource subscription) =>
        IsOfUploads(subscription)
        && subscription.Text("properties", "destination", "endpointType") == "WebHook"
        && subscription.Text("properties", "destination", "properties", "endpointUrl")?.Contains(subscription.ShortName, StringComparison.Ordinal) == true
        && subscription.Text("properties", "destination", "properties", "maxEventsPerBatch") == "1"
        && subscription.Text("properties", "eventDeliverySchema") == "EventGridSchema";

    private static bool IsOfUploads(Resource subscription) =>
        subscription.Text("properties", "filter", "subjectBeginsWith") == $"/blobServices/default/containers/{subscription.ShortName}/"
        && subscription.At("properties", "filter", "includedEventTypes") is { } types && types.EnumerateArray().Select(type => type.GetString()).SequenceEqual(["Microsoft.Storage.BlobCreated"])
        && subscription.Text("properties", "deadLetterWithResourceIdentity", "deadLetterDestination", "properties", "blobContainerName") == Containers.UndeliveredEvents
        && subscription.Text("properties", "deadLetterWithResourceIdentity", "identity", "type") == "SystemAssigned";
}
