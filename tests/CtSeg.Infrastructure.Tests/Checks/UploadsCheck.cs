using CtSeg.Contracts;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Where the functions can be reached by nobody outside, a queue tells them of every upload, and Event Grid may write to it.</summary>
internal sealed class UploadsCheck : TemplateCheck
{
    private static readonly string[] Uploads = [Containers.Slices, Containers.Corrections];

    public override Task<IReadOnlyList<string>> FindAsync(Template template) => ForEachAsync(template, deployment =>
    {
        var told = deployment.OfType("Microsoft.EventGrid/systemTopics/eventSubscriptions").Where(Tells).Select(subscription => subscription.ShortName).Order(StringComparer.Ordinal);
        var trusted = deployment.OfType("Microsoft.ServiceBus/namespaces/networkRuleSets").Any(network => network.Text("properties", "trustedServiceAccessEnabled") == "true");
        if (deployment.Parameters != "private")
            return told.Select(container => $"Uploads in {container} are told of twice: by a queue and by the hook's webhook.");
        return Uploads.Except(told).Select(container => $"Nobody tells of uploads in {container}.").Concat(trusted ? [] : ["Event Grid is not let in to Service Bus."]);
    });

    private static bool Tells(Resource subscription)
    {
        string[] properties = ["properties"];
        return subscription.Text([.. properties, "filter", "subjectBeginsWith"]) == $"/blobServices/default/containers/{subscription.ShortName}/"
            && subscription.Text([.. properties, "filter", "includedEventTypes", "0"]) == "Microsoft.Storage.BlobCreated"
            && subscription.Text([.. properties, "deliveryWithResourceIdentity", "destination", "properties", "resourceId"])?.EndsWith($"/queues/{Queues.UploadEvents}", StringComparison.Ordinal) == true
            && subscription.At([.. properties, "deadLetterWithResourceIdentity"]) is not null;
    }
}
