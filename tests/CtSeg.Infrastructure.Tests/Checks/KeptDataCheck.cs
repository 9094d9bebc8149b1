using System.Globalization;
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
        // Nothing but versions may go by itself: slices, masks and training data are a patient's.
        foreach (var deleted in lifecycle.All("baseBlob").Where(action => action.TryGetProperty("delete", out _)))
            yield return $"Blobs are deleted by their age: {deleted.GetRawText()}";
    }
}
