using System.Globalization;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>What was deleted or overwritten by mistake can be brought back for some days, and is gone for good after them.</summary>
internal sealed class KeptDataCheck : TemplateCheck
{
    public override Task<IReadOnlyList<string>> FindAsync(Template template) => ForEachAsync(template, Look);

    private static IEnumerable<string> Look(Deployment deployment)
    {
        var blobs = deployment.One("Microsoft.Storage/storageAccounts/blobServices", "stctseg");
        if (blobs.Text("properties", "isVersioningEnabled") != "true")
            yield return "Overwritten blobs are lost: versioning is off.";
        var days = blobs.Text("properties", "deleteRetentionPolicy", "days");
        foreach (var policy in new[] { "deleteRetentionPolicy", "containerDeleteRetentionPolicy" })
            if (blobs.Text("properties", policy, "enabled") != "true" || blobs.Text("properties", policy, "days") != days)
                yield return $"{policy} is off, or of other days than the rest.";
        var lifecycle = deployment.OfType("Microsoft.Storage/storageAccounts/managementPolicies").Single();
        var versions = lifecycle.All("version").Concat(lifecycle.All("snapshot")).SelectMany(action => action.GetProperty("delete").EnumerateObject())
            .Select(rule => rule.Value.GetInt32().ToString(CultureInfo.InvariantCulture)).ToList();
        if (versions.Count != 2 || versions.Any(version => version != days))
            yield return "Old versions and snapshots stay longer than deleted blobs: what was erased would not be gone.";
        // Nothing else may go by itself: slices, masks and training data are a patient's.
        var deleting = lifecycle.All("definition").Where(rule => rule.GetProperty("actions").TryGetProperty("baseBlob", out var action) && action.TryGetProperty("delete", out _)).ToList();
        foreach (var rule in deleting.Where(rule => !IsOfUndelivered(rule)))
            yield return $"Blobs are deleted by their age: {rule.GetRawText()}";
        if (!deleting.Exists(IsOfUndelivered))
            yield return $"What lies in {Containers.UndeliveredEvents} names uploads, and stays for ever.";
        foreach (var logs in deployment.OfType("Microsoft.Insights/diagnosticSettings").Where(setting => setting.Id.Contains("/Microsoft.Storage/", StringComparison.Ordinal)).SelectMany(setting => setting.All("category"))
                     .Where(category => category.GetString()!.StartsWith("Storage", StringComparison.Ordinal)))
            yield return $"The logs {logs.GetString()} name uploads: erasures do not reach them.";
    }

    private static bool IsOfUndelivered(JsonElement rule)
    {
        var prefixes = rule.GetProperty("filters").TryGetProperty("prefixMatch", out var found) ? found.EnumerateArray().Select(prefix => prefix.GetString()!).ToList() : [];
        return prefixes.SequenceEqual([$"{Containers.UndeliveredEvents}/"]);
    }
}
