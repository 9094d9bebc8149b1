using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Containers and queues have the names that the code uses, no more and no less, and templates read them from one file.</summary>
internal sealed class NamesCheck : TemplateCheck
{
    public override async Task<IReadOnlyList<string>> FindAsync(Template template)
    {
        var packages = JsonDocument.Parse(template.Read("modules/names.json")).RootElement.GetProperty("packagesContainer").GetString()!;
        var found = new List<string>(Spelt(template, [.. Containers.All, Containers.UndeliveredEvents, .. Queues.All, StorageQueues.PoisonedSlices, packages]));
        found.AddRange(await ForEachAsync(template, deployment =>
        {
            // The host's account has the app's packages, the other all that is ours.
            var containers = deployment.OfType("Microsoft.Storage/storageAccounts/blobServices/containers").ToLookup(container => container.Name.StartsWith("sthost", StringComparison.Ordinal));
            return Differences("container", [.. Containers.All, Containers.UndeliveredEvents], containers[false])
                .Concat(Differences("container of the host", [packages], containers[true]))
                .Concat(deployment.OfType("Microsoft.Web/sites").Where(site => site.Text("properties", "functionAppConfig", "deployment", "storage", "value")?.Contains(packages, StringComparison.Ordinal) != true)
                    .Select(site => $"{site.Name} looks for its packages elsewhere than in '{packages}'."))
                .Concat(Differences("queue", Queues.All, deployment.OfType("Microsoft.ServiceBus/namespaces/queues")))
                .Concat(Differences("storage queue", [StorageQueues.PoisonedSlices, StorageQueues.PoisonOf(StorageQueues.PoisonedSlices)], deployment.OfType("Microsoft.Storage/storageAccounts/queueServices/queues")));
        }));
        return found;
    }

    /// <summary>A name that is written twice can differ.</summary>
    private static IEnumerable<string> Spelt(Template template, IReadOnlyList<string> names) =>
        from file in template.BicepFiles()
        where file.EndsWith(".bicep", StringComparison.Ordinal)
        let text = template.Read(file)
        from name in names
        where text.Contains($": '{name}'", StringComparison.Ordinal)
        select $"{file} spells '{name}' itself instead of reading it from modules/names.json.";

    private static IEnumerable<string> Differences(string kind, IEnumerable<string> code, IEnumerable<Resource> template)
    {
        var (used, made) = (code.ToHashSet(StringComparer.Ordinal), template.Select(resource => resource.ShortName).ToHashSet(StringComparer.Ordinal));
        return used.Except(made).Select(name => $"The code uses the {kind} '{name}', which is not made.")
            .Concat(made.Except(used).Select(name => $"The {kind} '{name}' is made, which no code uses."));
    }
}
