using System.Text.Json;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Texts that the service takes from a list, and the compiler lets pass whatever they are.</summary>
internal sealed class AllowedValuesCheck : TemplateCheck
{
    private static readonly (string Type, string Path, string[] Values)[] Allowed =
    [
        ("Microsoft.Storage/storageAccounts", "kind", ["StorageV2"]),
        ("Microsoft.Storage/storageAccounts", "sku.name", ["Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_GZRS", "Standard_RAGRS", "Standard_RAGZRS"]),
        ("Microsoft.Storage/storageAccounts", "properties.accessTier", ["Hot", "Cool", "Cold"]),
        ("Microsoft.Storage/storageAccounts", "properties.minimumTlsVersion", ["TLS1_2", "TLS1_3"]),
        ("Microsoft.Storage/storageAccounts", "properties.networkAcls.bypass", ["AzureServices", "None"]),
        ("Microsoft.ServiceBus/namespaces", "sku.name", ["Standard", "Premium"]),
        ("Microsoft.ServiceBus/namespaces", "sku.tier", ["Standard", "Premium"]),
        ("Microsoft.ServiceBus/namespaces/networkRuleSets", "properties.defaultAction", ["Allow", "Deny"]),
        ("Microsoft.EventGrid/systemTopics/eventSubscriptions", "properties.eventDeliverySchema", ["CloudEventSchemaV1_0", "EventGridSchema"]),
        ("Microsoft.EventGrid/systemTopics/eventSubscriptions", "properties.deliveryWithResourceIdentity.destination.endpointType", ["ServiceBusQueue"]),
        ("Microsoft.ContainerRegistry/registries", "sku.name", ["Basic", "Standard", "Premium"]),
        ("Microsoft.ContainerRegistry/registries", "properties.networkRuleBypassOptions", ["AzureServices", "None"]),
        ("Microsoft.App/managedEnvironments", "properties.appLogsConfiguration.destination", ["azure-monitor", "log-analytics", "none"]),
        ("Microsoft.App/managedEnvironments", "properties.workloadProfiles.0.workloadProfileType", ["Consumption"]),
        ("Microsoft.App/managedEnvironments", "properties.workloadProfiles.1.workloadProfileType", ["Consumption-GPU-NC8as-T4", "Consumption-GPU-NC24-A100"]),
        ("Microsoft.App/jobs", "properties.configuration.triggerType", ["Event", "Manual", "Schedule"]),
        ("Microsoft.App/jobs", "properties.workloadProfileName", ["Consumption", "gpu"]),
        ("Microsoft.App/jobs", "properties.template.containers.0.resources.memory", ["2Gi", "4Gi", "8Gi", "56Gi", "220Gi"]),
        ("Microsoft.App/jobs", "identity.type", ["UserAssigned"]),
        ("Microsoft.App/containerApps", "kind", ["functionapp"]),
        ("Microsoft.App/containerApps", "properties.configuration.activeRevisionsMode", ["Single", "Multiple"]),
        ("Microsoft.Web/serverfarms", "sku.name", ["FC1"]),
        ("Microsoft.Web/serverfarms", "sku.tier", ["FlexConsumption"]),
        ("Microsoft.Web/sites", "kind", ["functionapp,linux"]),
        ("Microsoft.Web/sites", "properties.functionAppConfig.runtime.name", ["custom"]),
        ("Microsoft.Web/sites", "properties.functionAppConfig.deployment.storage.type", ["blobContainer"]),
        ("Microsoft.Web/sites", "properties.functionAppConfig.deployment.storage.authentication.type", ["UserAssignedIdentity"]),
        ("Microsoft.EventGrid/systemTopics", "properties.topicType", ["Microsoft.Storage.StorageAccounts"]),
        ("Microsoft.EventGrid/systemTopics", "identity.type", ["SystemAssigned"]),
        ("Microsoft.OperationalInsights/workspaces", "properties.sku.name", ["PerGB2018"]),
        ("Microsoft.Insights/components", "properties.IngestionMode", ["LogAnalytics"]),
        ("Microsoft.Insights/scheduledQueryRules", "kind", ["LogAlert"]),
        ("Microsoft.Insights/scheduledQueryRules", "properties.criteria.allOf.0.operator", ["GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual", "Equals"]),
        ("Microsoft.Insights/scheduledQueryRules", "properties.criteria.allOf.0.timeAggregation", ["Count", "Average", "Minimum", "Maximum", "Total"]),
        ("Microsoft.Insights/metricAlerts", "properties.criteria.allOf.0.metricName", ["DeadletteredMessages"]),
        ("Microsoft.Insights/metricAlerts", "properties.criteria.allOf.0.timeAggregation", ["Average", "Count", "Maximum", "Minimum", "Total"]),
        ("Microsoft.Consumption/budgets", "properties.category", ["Cost"]),
        ("Microsoft.Consumption/budgets", "properties.timeGrain", ["Monthly", "Quarterly", "Annually"]),
        ("Microsoft.Authorization/roleAssignments", "properties.principalType", ["ServicePrincipal", "Group", "User"]),
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

    public override Task<IReadOnlyList<string>> FindAsync(Template template) => ForEachAsync(template, deployment => deployment.Resources.SelectMany(Look));

    private static IEnumerable<string> Look(Resource resource)
    {
        if (!Types.Contains(resource.Type) && !WithoutLists.Contains(resource.Type))
            yield return $"{resource.Type} is new here: say which of its values come from a list.";
        foreach (var (_, path, values) in Allowed.Where(one => one.Type == resource.Type))
            if (resource.At(path.Split('.')) is { ValueKind: JsonValueKind.String } value && !values.Contains(value.GetString()))
                yield return $"{resource.Type} {resource.Name}: {path} is '{value.GetString()}', none of {string.Join(", ", values)}.";
        foreach (var toggle in Toggles)
            if (resource.Text("properties", toggle) is { } text && text is not ("Enabled" or "Disabled"))
                yield return $"{resource.Type} {resource.Name}: {toggle} is '{text}', neither Enabled nor Disabled.";
    }
}
