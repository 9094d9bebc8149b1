namespace CtSeg.Infrastructure.Tests;

/// <summary>Values that no service knows, alerts that see nothing, and what the linter has to find.</summary>
public sealed class ValueMistakeTests
{
    public static TheoryData<string, string, string, string, string> Mistakes => new()
    {
        { "a key is read", "LintCheck", "modules/storage.bicep", "output name string = account.name", "output name string = account.name\n\n@description('x')\noutput list string = account.listKeys().keys[0].value" },
        { "a kind that does not exist", "AllowedValuesCheck", "modules/storage.bicep", "kind: 'StorageV2'", "kind: 'StorageV3'" },
        { "a trigger that does not exist", "AllowedValuesCheck", "modules/segmentation-job.bicep", "triggerType: 'Event'", "triggerType: 'Events'" },
        { "memory that is not offered", "AllowedValuesCheck", "modules/segmentation-job.bicep", "memory: onGpu ? '56Gi'", "memory: onGpu ? '64Gi'" },
        { "a runtime that does not exist", "AllowedValuesCheck", "modules/functions.bicep", "name: 'custom'", "name: 'customhandler'" },
        { "a metric that does not exist", "AllowedValuesCheck", "modules/alerts.bicep", "metric: 'DeadletteredMessages'", "metric: 'DeadLetteredMessages'" },
        { "a telemetry's way in that does not exist", "AllowedValuesCheck", "modules/monitor-link.bicep", "ingestionAccessMode: 'PrivateOnly'", "ingestionAccessMode: 'Private'" },
        { "logs of a kind that does not exist", "AllowedValuesCheck", "modules/service-bus.bicep", "category: 'OperationalLogs'", "category: 'OperationalLog'" },
        { "logs of another service", "AllowedValuesCheck", "modules/key-vault.bicep", "category: 'AuditEvent'", "category: 'OperationalLogs'" },
        { "a rule of the network that neither lets in nor keeps out", "AllowedValuesCheck", "modules/network.bicep", "access: 'Deny'", "access: 'allow all'" },
        { "a direction that does not exist", "AllowedValuesCheck", "modules/network.bicep", "direction: 'Inbound'", "direction: 'In'" },
        { "a subnet is given to nobody", "AllowedValuesCheck", "modules/network.bicep", "serviceName: 'Microsoft.App/environments'", "serviceName: 'Microsoft.App/environment'" },
        { "a comparison that does not exist", "AllowedValuesCheck", "modules/alerts.bicep", "            operator: 'GreaterThan'", "            operator: 'MoreThan'" },
        { "a metric of another service", "AllowedValuesCheck", "modules/alerts.bicep", "metric: 'DroppedEventCount'", "metric: 'DeadletteredMessages'" },
        { "a dimension that does not exist", "AllowedValuesCheck", "modules/alerts.bicep", "name: 'EntityName'", "name: 'QueueName'" },
        { "a window of logs that is not offered", "AllowedValuesCheck", "modules/alerts.bicep", "window: 'PT15M'\n    operator", "window: 'PT20M'\n    operator" },
        { "a budget compares by no rule", "AllowedValuesCheck", "modules/budget.bicep", "operator: 'GreaterThan'", "operator: 'GreaterThanOrEqual'" },
        { "blobs of no kind grow old", "AllowedValuesCheck", "modules/storage.bicep", "blobTypes: ['blockBlob']", "blobTypes: ['block']" },
        { "a right that does not exist", "AllowedValuesCheck", "modules/blob-writer.bicep", "/deleteBlobVersion/action'", "/deleteVersion/action'" },
        { "a property of which nobody knows the values", "AllowedValuesCheck", "modules/registry.bicep", "    dataEndpointEnabled: false\n", "    dataEndpointEnabled: false\n    zoneRedundancy: 'Disabled'\n" },
        { "a second container with memory that is not offered", "AllowedValuesCheck", "modules/segmentation-job.bicep", "      containers: [\n", "      containers: [\n        {\n          name: 'second'\n          image: image\n          resources: {\n            cpu: json('1.0')\n            memory: '12Gi'\n          }\n        }\n" },
        { "a toggle that is neither", "AllowedValuesCheck", "modules/registry.bicep", "? 'Enabled' : 'Disabled'", "? 'Enabled' : 'Disable'" },
        { "an alert is gone", "AlertsCheck", "modules/alerts.bicep", "name: 'failed-scans'", "name: 'failing-scans'" },
        { "failed scans are told by another attribute", "AlertsCheck", "modules/alerts.bicep", "Properties[\"state\"]", "Properties[\"ctseg.scan.state\"]" },
        { "failed scans are spelt in another way", "AlertsCheck", "modules/alerts.bicep", "State == \"failed\"", "State == \"Failed\"" },
        { "a column that the table does not have", "AlertsCheck", "modules/alerts.bicep", "and Log !contains", "and Message !contains" },
        { "the name of the table is taken for a severity", "AlertsCheck", "modules/alerts.bicep", "\"${jobEvents.endedWell}\")", "\"${jobEvents.endedWell}\") or Type =~ \"Error\"" },
        { "a table of which nobody knows the columns", "AlertsCheck", "modules/alerts.bicep", "query: 'AppMetrics | where Name == \"ctseg.models.refused\"", "query: 'customMetrics | where Name == \"ctseg.models.refused\"" },
        { "an alert is switched off", "AlertsCheck", "modules/alerts.bicep", "      severity: alert.severity\n      enabled: true", "      severity: alert.severity\n      enabled: false" },
        { "an alert looks at a metric that nobody sends", "AlertsCheck", "modules/alerts.bicep", "\"ctseg.scans.waiting\"", "\"ctseg.scan.waiting\"" },
        { "no budget", "AlertsCheck", "prod.bicepparam", "param monthlyBudget = 500", "param monthlyBudget = 0" },
        { "an unknown property", "LintCheck", "modules/storage.bicep", "allowSharedKeyAccess: false", "allowShardKeyAccess: false" },
        { "a number instead of a text", "LintCheck", "modules/service-bus.bicep", "lockDuration: lockDuration", "lockDuration: 60" },
        { "an old version of an interface", "LintCheck", "modules/registry.bicep", "registries@2025-11-01", "registries@2023-07-01" },
        { "a parameter that nobody uses", "LintCheck", "modules/registry.bicep", "param publicNetworkAccess bool", "param publicNetworkAccess bool\n\n@description('Of no use.')\nparam spare bool = true" },
        { "a missing output", "LintCheck", "modules/storage.bicep", "output name string = account.name", "" },
        { "the key is written into the template", "LintCheck", "modules/retraining-job.bicep", "          keyVaultUrl: signingKeyUrl\n", "          value: signingKeyUrl\n" },
        { "a path that nothing has any more", "AllowedValuesCheck", "modules/storage.bicep", "    accessTier: 'Hot'\n", "" },
        { "a schema that does not exist", "AllowedValuesCheck", "modules/event-subscription.bicep", "'EventGridSchema'", "'EventGridEventSchema'" },
        { "a window that is not offered", "AllowedValuesCheck", "modules/alerts.bicep", "window: 'P1D'", "window: 'P2D'" },
        { "silence is not heard", "AlertsCheck", "modules/alerts.bicep", "operator: 'LessThan'", "operator: 'GreaterThan'" },
        { "old training requests count", "AlertsCheck", "modules/alerts.bicep", " and tostring(Properties[\"messaging.destination.name\"]) == \"${names.queues.segmentationRequests}\"", "" },
        { "a gauge without a maximum is not seen", "AlertsCheck", "modules/alerts.bicep", "max_of(coalesce(Max, 0.0), iff(ItemCount > 1, Sum / ItemCount, Sum))", "Max" },
        { "a reason is not looked for", "AlertsCheck", "modules/alerts.bicep", "map(items(jobEvents.failures), one", "map(skip(items(jobEvents.failures), 1), one" },
        { "a reason from nowhere", "AlertsCheck", "modules/job-events.json", "(KEDA, pkg/eventreason)", "" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public Task Given_AMistake_When_Checked_Then_ItIsFound(string mistake, string check, string file, string text, string other) =>
        PlantedMistake.ShouldBeFoundAsync(mistake, check, file, text, other);
}
