using System.Text.Json;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Texts that the service takes from a list, and the compiler lets pass whatever they are.</summary>
internal sealed class AllowedValuesCheck : TemplateCheck
{
    private static readonly Listed[] Allowed =
    [
        new("Microsoft.Storage/storageAccounts", "kind", ["StorageV2"]),
        new("Microsoft.Storage/storageAccounts", "sku.name", ["Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_GZRS", "Standard_RAGRS", "Standard_RAGZRS"]),
        new("Microsoft.Storage/storageAccounts", "properties.accessTier", ["Hot", "Cool", "Cold"]),
        new("Microsoft.Storage/storageAccounts", "properties.minimumTlsVersion", ["TLS1_2", "TLS1_3"]),
        new("Microsoft.Storage/storageAccounts", "properties.networkAcls.bypass", ["AzureServices", "None"]),
        new("Microsoft.ServiceBus/namespaces", "sku.name", ["Standard", "Premium"]),
        new("Microsoft.ServiceBus/namespaces", "sku.tier", ["Standard", "Premium"]),
        new("Microsoft.ServiceBus/namespaces/networkRuleSets", "properties.defaultAction", ["Allow", "Deny"], "private"),
        new("Microsoft.EventGrid/systemTopics/eventSubscriptions", "properties.eventDeliverySchema", ["CloudEventSchemaV1_0", "EventGridSchema"], "private", Template.Subscriptions),
        new("Microsoft.EventGrid/systemTopics/eventSubscriptions", "properties.destination.endpointType", ["WebHook"], Template.Subscriptions),
        new("Microsoft.EventGrid/systemTopics/eventSubscriptions", "properties.deadLetterWithResourceIdentity.deadLetterDestination.endpointType", ["StorageBlob"], "private", Template.Subscriptions),
        new("Microsoft.EventGrid/systemTopics/eventSubscriptions", "properties.deliveryWithResourceIdentity.destination.endpointType", ["ServiceBusQueue"], "private"),
        new("Microsoft.ContainerRegistry/registries", "sku.name", ["Basic", "Standard", "Premium"]),
        new("Microsoft.ContainerRegistry/registries", "properties.networkRuleBypassOptions", ["AzureServices", "None"]),
        new("Microsoft.App/managedEnvironments", "properties.appLogsConfiguration.destination", ["azure-monitor", "log-analytics", "none"]),
        new("Microsoft.App/managedEnvironments", "properties.workloadProfiles.0.workloadProfileType", ["Consumption"]),
        new("Microsoft.App/managedEnvironments", "properties.workloadProfiles.1.workloadProfileType", ["Consumption-GPU-NC8as-T4", "Consumption-GPU-NC24-A100"], "prod", "private"),
        new("Microsoft.App/jobs", "properties.configuration.triggerType", ["Event", "Manual", "Schedule"]),
        new("Microsoft.App/jobs", "properties.workloadProfileName", ["Consumption", "gpu"]),
        new("Microsoft.App/jobs", "properties.template.containers.0.resources.memory", ["2Gi", "4Gi", "8Gi", "56Gi", "220Gi"]),
        new("Microsoft.App/jobs", "identity.type", ["UserAssigned"]),
        new("Microsoft.App/containerApps", "kind", ["functionapp"], "container"),
        new("Microsoft.App/containerApps", "properties.configuration.activeRevisionsMode", ["Single", "Multiple"], "container"),
        new("Microsoft.Web/serverfarms", "sku.name", ["FC1"], "dev", "prod", "private"),
        new("Microsoft.Web/serverfarms", "sku.tier", ["FlexConsumption"], "dev", "prod", "private"),
        new("Microsoft.Web/sites", "kind", ["functionapp,linux"], "dev", "prod", "private"),
        new("Microsoft.Web/sites", "properties.functionAppConfig.runtime.name", ["custom"], "dev", "prod", "private"),
        new("Microsoft.Web/sites", "properties.functionAppConfig.deployment.storage.type", ["blobContainer"], "dev", "prod", "private"),
        new("Microsoft.Web/sites", "properties.functionAppConfig.deployment.storage.authentication.type", ["UserAssignedIdentity"], "dev", "prod", "private"),
        new("Microsoft.EventGrid/systemTopics", "properties.topicType", ["Microsoft.Storage.StorageAccounts"]),
        new("Microsoft.EventGrid/systemTopics", "identity.type", ["SystemAssigned"]),
        new("Microsoft.OperationalInsights/workspaces", "properties.sku.name", ["PerGB2018"]),
        new("Microsoft.Insights/components", "properties.IngestionMode", ["LogAnalytics"]),
        new("Microsoft.Insights/scheduledQueryRules", "kind", ["LogAlert"]),
        new("Microsoft.Insights/scheduledQueryRules", "properties.criteria.allOf.0.operator", ["GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual", "Equals"]),
        new("Microsoft.Insights/scheduledQueryRules", "properties.criteria.allOf.0.timeAggregation", ["Count", "Average", "Minimum", "Maximum", "Total"]),
        new("Microsoft.Insights/metricAlerts", "properties.criteria.allOf.0.metricName", ["DeadletteredMessages", "ActiveMessages", "DeadLetteredCount", "DroppedEventCount", "DeliveryAttemptFailCount", "QueueMessageCount"]),
        new("Microsoft.Insights/metricAlerts", "properties.criteria.allOf.0.metricNamespace", ["Microsoft.ServiceBus/namespaces", "Microsoft.EventGrid/systemTopics", "Microsoft.Storage/storageAccounts/queueServices"]),
        new("Microsoft.Insights/metricAlerts", "properties.evaluationFrequency", ["PT1M", "PT5M", "PT15M", "PT30M", "PT1H"]),
        new("Microsoft.Insights/metricAlerts", "properties.windowSize", ["PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D"]),
        new("Microsoft.Insights/metricAlerts", "properties.criteria.allOf.0.timeAggregation", ["Average", "Count", "Maximum", "Minimum", "Total"]),
        new("Microsoft.Consumption/budgets", "properties.category", ["Cost"], "prod", "private"),
        new("Microsoft.Consumption/budgets", "properties.timeGrain", ["Monthly", "Quarterly", "Annually"], "prod", "private"),
        new("Microsoft.Authorization/roleAssignments", "properties.principalType", ["ServicePrincipal", "Group", "User"]),
        new("Microsoft.KeyVault/vaults", "properties.sku.name", ["standard", "premium"], "prod", "private"),
        new("Microsoft.KeyVault/vaults", "properties.sku.family", ["A"], "prod", "private"),
        new("Microsoft.KeyVault/vaults", "properties.networkAcls.bypass", ["AzureServices", "None"], "prod", "private"),
    ];

    private static readonly string[] Toggles = ["publicNetworkAccess", "publicNetworkAccessForIngestion", "publicNetworkAccessForQuery"];
    private static readonly HashSet<string> Types = [.. Allowed.Select(one => one.Type)];

    // Types of which no property is taken from a list here.
    private static readonly HashSet<string> WithoutLists =
    [
        "Microsoft.Resources/resourceGroups", "Microsoft.Authorization/roleDefinitions", "Microsoft.ManagedIdentity/userAssignedIdentities", "Microsoft.Storage/storageAccounts/blobServices",
        "Microsoft.Storage/storageAccounts/blobServices/containers", "Microsoft.Storage/storageAccounts/queueServices", "Microsoft.Storage/storageAccounts/queueServices/queues",
        "Microsoft.Storage/storageAccounts/managementPolicies", "Microsoft.ServiceBus/namespaces/queues", "Microsoft.Insights/diagnosticSettings", "Microsoft.Web/sites/config",
        "Microsoft.Web/sites/basicPublishingCredentialsPolicies", "Microsoft.Insights/actionGroups", "Microsoft.Network/virtualNetworks", "Microsoft.Network/networkSecurityGroups",
        "Microsoft.Network/privateDnsZones", "Microsoft.Network/privateDnsZones/virtualNetworkLinks", "Microsoft.Network/privateEndpoints",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups", "Microsoft.Insights/privateLinkScopes", "Microsoft.Insights/privateLinkScopes/scopedResources",
    ];

    public override async Task<IReadOnlyList<string>> FindAsync(Template template) =>
        [.. await ForEachAsync(template, Look), .. Look(await template.DeploymentAsync(Template.Subscriptions)).Select(problem => $"{Template.Subscriptions}: {problem}")];

    private static IEnumerable<string> Look(Deployment deployment) => deployment.Resources.SelectMany(Look).Concat(Missing(deployment));

    private static IEnumerable<string> Look(Resource resource)
    {
        if (!Types.Contains(resource.Type) && !WithoutLists.Contains(resource.Type))
            yield return $"{resource.Type} is new here: say which of its values come from a list.";
        foreach (var listed in Allowed.Where(one => one.Type == resource.Type))
            if (listed.In(resource) is { } value && !listed.Values.Contains(value))
                yield return $"{resource.Type} {resource.Name}: {listed.Path} is '{value}', none of {string.Join(", ", listed.Values)}.";
        foreach (var toggle in Toggles)
            if (resource.Text("properties", toggle) is { } text && text is not ("Enabled" or "Disabled"))
                yield return $"{resource.Type} {resource.Name}: {toggle} is '{text}', neither Enabled nor Disabled.";
    }

    /// <summary>A path that nothing has would never be looked at.</summary>
    private static IEnumerable<string> Missing(Deployment deployment) =>
        from listed in Allowed
        where listed.Forms.Length == 0 ? deployment.Parameters != Template.Subscriptions : listed.Forms.Contains(deployment.Parameters)
        where !deployment.OfType(listed.Type).Any(resource => listed.In(resource) is not null)
        select $"No {listed.Type} has the path {listed.Path}.";

    /// <param name="Forms">Parameters in which some resource has it; those of every system where none are given.</param>
    private sealed record Listed(string Type, string Path, string[] Values, params string[] Forms)
    {
        public string? In(Resource resource) => resource.At(Path.Split('.')) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
    }
}
