using CtSeg.Contracts;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Containers and queues have the names that the code uses, no more and no less.</summary>
internal sealed class NamesCheck : TemplateCheck
{
    // Of the platform, not of our code: events that could not be delivered, the host's packages.
    private static readonly string[] Platform = ["undelivered-events", "app-packages"];

    public override Task<IReadOnlyList<string>> FindAsync(Template template) => ForEachAsync(template, deployment =>
        Differences("container", Containers.All.Concat(Platform), deployment.OfType("Microsoft.Storage/storageAccounts/blobServices/containers"))
            .Concat(Differences("queue", Queues.All, deployment.OfType("Microsoft.ServiceBus/namespaces/queues")))
            .Concat(Differences("storage queue", [StorageQueues.PoisonedSlices, StorageQueues.PoisonOf(StorageQueues.PoisonedSlices)], deployment.OfType("Microsoft.Storage/storageAccounts/queueServices/queues"))));

    private static IEnumerable<string> Differences(string kind, IEnumerable<string> code, IEnumerable<Resource> template)
    {
        var (used, made) = (code.ToHashSet(StringComparer.Ordinal), template.Select(resource => resource.ShortName).ToHashSet(StringComparer.Ordinal));
        return used.Except(made).Select(name => $"The code uses the {kind} '{name}', which is not made.")
            .Concat(made.Except(used).Select(name => $"The {kind} '{name}' is made, which no code uses."));
    }
}
