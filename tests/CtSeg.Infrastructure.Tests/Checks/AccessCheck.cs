using System.Text.Json;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>No keys, no anonymous readers, no plain HTTP; with the parameters private nothing answers the internet.</summary>
internal sealed class AccessCheck : TemplateCheck
{
    public override Task<IReadOnlyList<string>> FindAsync(Template template) => ForEachAsync(template, deployment =>
        deployment.Resources.SelectMany(Closed).Concat(deployment.Parameters == "private" ? deployment.Resources.SelectMany(Private).Concat(Endpoints(deployment)) : []));

    private static IEnumerable<string> Closed(Resource resource)
    {
        (string Type, string Property, string Wanted)[] wanted =
        [
            ("Microsoft.Storage/storageAccounts", "allowBlobPublicAccess", "false"),
            ("Microsoft.Storage/storageAccounts", "allowSharedKeyAccess", "false"),
            ("Microsoft.Storage/storageAccounts", "allowCrossTenantReplication", "false"),
            ("Microsoft.Storage/storageAccounts", "supportsHttpsTrafficOnly", "true"),
            ("Microsoft.Storage/storageAccounts", "minimumTlsVersion", "TLS1_2"),
            ("Microsoft.Storage/storageAccounts/blobServices/containers", "publicAccess", "None"),
            ("Microsoft.ServiceBus/namespaces", "disableLocalAuth", "true"),
            ("Microsoft.ServiceBus/namespaces", "minimumTlsVersion", "1.2"),
            ("Microsoft.ContainerRegistry/registries", "adminUserEnabled", "false"),
            ("Microsoft.ContainerRegistry/registries", "anonymousPullEnabled", "false"),
            ("Microsoft.Web/sites", "httpsOnly", "true"),
            ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "allow", "false"),
            ("Microsoft.Insights/components", "DisableLocalAuth", "true"),
        ];
        return wanted.Where(one => one.Type == resource.Type && resource.Text("properties", one.Property) != one.Wanted)
            .Select(one => $"{resource.Type} {resource.Name}: {one.Property} is {resource.Text("properties", one.Property) ?? "not set"}, not {one.Wanted}.");
    }

    private static IEnumerable<string> Private(Resource resource)
    {
        foreach (var property in new[] { "publicNetworkAccess", "publicNetworkAccessForIngestion", "publicNetworkAccessForQuery" })
            if (resource.Text("properties", property) is { } access && access != "Disabled")
                yield return $"{resource.Type} {resource.Name}: {property} is {access}.";
        foreach (var action in resource.All("defaultAction").Where(action => action.ValueKind == JsonValueKind.String && action.GetString() != "Deny"))
            yield return $"{resource.Type} {resource.Name}: the network's default is {action.GetString()}.";
        if (resource.All("external").Any(external => external.ValueKind == JsonValueKind.True))
            yield return $"{resource.Type} {resource.Name}: its ingress is external.";
    }

    /// <summary>What is closed must have another way in.</summary>
    private static IEnumerable<string> Endpoints(Deployment deployment)
    {
        var parts = deployment.OfType("Microsoft.Network/privateEndpoints").SelectMany(endpoint => endpoint.All("groupIds")).SelectMany(group => group.EnumerateArray()).Select(part => part.GetString()).ToList();
        foreach (var (part, count) in new[] { ("blob", 2), ("queue", 2), ("namespace", 1), ("registry", 1), ("sites", 1), ("azuremonitor", 1), ("vault", 1) })
            if (parts.Count(one => one == part) != count)
                yield return $"There are {parts.Count(one => one == part)} private endpoints of the part {part}, not {count}.";
    }
}
