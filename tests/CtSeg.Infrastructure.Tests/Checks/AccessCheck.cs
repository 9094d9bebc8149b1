using System.Text.Json;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>No keys, no anonymous readers, no plain HTTP; with the parameters private nothing answers the internet, and the network all of it.</summary>
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
            ("Microsoft.Web/sites", "siteConfig/ftpsState", "Disabled"),
            ("Microsoft.Web/sites", "siteConfig/minTlsVersion", "1.2"),
            ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "allow", "false"),
            ("Microsoft.App/containerApps", "configuration/ingress/allowInsecure", "false"),
            ("Microsoft.Insights/components", "DisableLocalAuth", "true"),
        ];
        return wanted.Where(one => one.Type == resource.Type).Select(one => (one.Property, one.Wanted, Is: resource.Text(["properties", .. one.Property.Split('/')]))).Where(one => one.Is != one.Wanted)
            .Select(one => $"{resource.Type} {resource.Name}: {one.Property} is {one.Is ?? "not set"}, not {one.Wanted}.");
    }

    private static IEnumerable<string> Private(Resource resource)
    {
        foreach (var property in new[] { "publicNetworkAccess", "publicNetworkAccessForIngestion", "publicNetworkAccessForQuery" })
            if (resource.Text("properties", property) is { } access && access != "Disabled")
                yield return $"{resource.Type} {resource.Name}: {property} is {access}.";
        foreach (var action in resource.All("defaultAction").Where(action => action.ValueKind == JsonValueKind.String && action.GetString() != "Deny"))
            yield return $"{resource.Type} {resource.Name}: the network's default is {action.GetString()}.";
        // It closes all its apps, whatever their ingress says: an app that is not external cannot even be reached from the network.
        if (resource.Type == "Microsoft.App/managedEnvironments" && resource.Text("properties", "vnetConfiguration", "internal") != "true")
            yield return $"{resource.Type} {resource.Name}: it has an address on the internet.";
        if (resource.Type == "Microsoft.App/containerApps" && resource.Text("properties", "configuration", "ingress", "external") != "true")
            yield return $"{resource.Type} {resource.Name}: only its own environment reaches it.";
    }

    /// <summary>What is closed must have another way in.</summary>
    private static IEnumerable<string> Endpoints(Deployment deployment)
    {
        var parts = deployment.OfType("Microsoft.Network/privateEndpoints").SelectMany(endpoint => endpoint.All("groupIds")).SelectMany(group => group.EnumerateArray()).Select(part => part.GetString()).ToList();
        var sites = deployment.OfType("Microsoft.Web/sites").Count();
        foreach (var (part, count) in new[] { ("blob", 2), ("queue", 2), ("namespace", 1), ("registry", 1), ("sites", sites), ("azuremonitor", 1), ("vault", 1) })
            if (parts.Count(one => one == part) != count)
                yield return $"There are {parts.Count(one => one == part)} private endpoints of the part {part}, not {count}.";
        if (sites == 0 && !deployment.OfType("Microsoft.App/containerApps").Any())
            yield return "There are no functions.";
        foreach (var app in deployment.OfType("Microsoft.App/containerApps").Where(_ => !IsFound(deployment)))
            yield return $"Nobody in the network finds {app.Name}: its environment's domain has no private DNS zone there.";
    }

    /// <summary>The domain is known to Azure only: the zone, its record for all names and its link to the network are told by the output that they are made of.</summary>
    private static bool IsFound(Deployment deployment)
    {
        var zone = deployment.OfType("Microsoft.Network/privateDnsZones").SingleOrDefault(zone => zone.Name.Contains("outputs.defaultDomain", StringComparison.Ordinal));
        var record = deployment.OfType("Microsoft.Network/privateDnsZones/A").SingleOrDefault(record => record.Name.Contains("outputs.defaultDomain", StringComparison.Ordinal));
        var link = deployment.OfType("Microsoft.Network/privateDnsZones/virtualNetworkLinks").SingleOrDefault(link => link.Name.Contains("outputs.defaultDomain", StringComparison.Ordinal));
        return zone is not null
            && record?.Name.EndsWith(", '*')]", StringComparison.Ordinal) == true && record.Text("properties", "aRecords", "0", "ipv4Address")?.Contains("outputs.staticIp", StringComparison.Ordinal) == true
            && link?.Text("properties", "virtualNetwork", "id")?.Contains("'network'", StringComparison.Ordinal) == true;
    }
}
