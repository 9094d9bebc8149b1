using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Infrastructure.Tests.Checks;

namespace CtSeg.Infrastructure.Tests;

/// <summary>Mistakes that the compiler lets pass, each made in a copy: a check that finds nothing is worth nothing.</summary>
public sealed class MistakeTests
{
    private static TheoryData<string, string, string, string, string> Mistakes { get; } = new()
    {
        { "a container is renamed", "NamesCheck", "modules/names.json", "\": \"training-data\"", "\": \"trainingdata\"" },
        { "a container is forgotten", "NamesCheck", "modules/storage.bicep", "map(items(names.containers), one", "map(skip(items(names.containers), 1), one" },
        { "a queue is renamed", "NamesCheck", "modules/names.json", "\"segmentationRequests\": \"segmentation-requests\"", "\"segmentationRequests\": \"segmentation-request\"" },
        { "a queue too many", "NamesCheck", "modules/names.json", "\"alerts\": \"alerts\"\n", "\"alerts\": \"alerts\",\n    \"spare\": \"spare\"\n" },
        { "the poison queue is renamed", "NamesCheck", "modules/names.json", "\"webjobs-blobtrigger-poison\"", "\"webjobs-blobtrigger-poisoned\"" },
        { "locks are of another length", "QueuesCheck", "main.bicep", "lockDuration: 'PT1M'", "lockDuration: 'PT5M'" },
        { "messages die sooner", "QueuesCheck", "main.bicep", "maxDeliveryCount: 10", "maxDeliveryCount: 3" },
        { "repeated messages are not dropped", "QueuesCheck", "modules/service-bus.bicep", "requiresDuplicateDetection: true", "requiresDuplicateDetection: false" },
        { "expired messages are lost", "QueuesCheck", "modules/service-bus.bicep", "deadLetteringOnMessageExpiration: !contains(names.notificationQueues, queue)", "deadLetteringOnMessageExpiration: false" },
        { "notifications that nobody reads fill their queue", "QueuesCheck", "modules/service-bus.bicep", "deadLetteringOnMessageExpiration: !contains(names.notificationQueues, queue)", "deadLetteringOnMessageExpiration: true" },
        { "a setting is misspelt", "SettingsCheck", "main.bicep", "RetrainingSchedule: retrainingSchedule", "RetrainSchedule: retrainingSchedule" },
        { "the host logs names of uploads", "SettingsCheck", "main.bicep", "  AzureFunctionsJobHost__logging__logLevel__Function: 'Warning'\n", "" },
        { "a schedule is missing", "SettingsCheck", "main.bicep", "  TrainingRunsSchedule: '0 */5 * * * *'\n", "" },
        { "a job has no storage", "SettingsCheck", "modules/segmentation-job.bicep", "name: 'SlicesStorage__blobServiceUri'", "name: 'SliceStorage__blobServiceUri'" },
        { "a schedule that is none", "SettingsCheck", "main.bicep", "TrainingRunsSchedule: '0 */5 * * * *'", "TrainingRunsSchedule: '*/5 * * * *'" },
        { "a job's telemetry has no identity", "SettingsCheck", "modules/retraining-job.bicep", "name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'", "name: 'APPLICATIONINSIGHTS_AUTHENTICATION'" },
        { "libraries call home from the private network", "SettingsCheck", "main.bicep", "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL: 'true'", "APPLICATIONINSIGHTS_STATSBEAT_DISABLED: 'true'" },
        { "nobody may send poisoned uploads again", "RolesCheck", "modules/access.bicep", "map(names.poisonQueues, queue => { holder: operators", "map([], queue => { holder: operators" },
        { "the keys of the container app are lost", "SettingsCheck", "modules/functions-container.bicep", "              AzureWebJobsSecretStorageType: 'blob'\n", "" },
        { "a key is read", "LintCheck", "modules/storage.bicep", "output name string = account.name", "output name string = account.name\n\n@description('x')\noutput list string = account.listKeys().keys[0].value" },
        { "an output has a secret's name", "SecretsCheck", "main.bicep", "output CTSEG_STORAGE_ACCOUNT string", "output CTSEG_STORAGE_KEY string" },
        { "a connection string is a setting", "SecretsCheck", "main.bicep", "ServiceBus__credential: 'managedidentity'", "ServiceBus__credential: 'Endpoint=sb://x;SharedAccessKey=abc'" },
        { "storage takes keys", "AccessCheck", "modules/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true" },
        { "blobs may be public", "AccessCheck", "modules/storage.bicep", "allowBlobPublicAccess: false", "allowBlobPublicAccess: true" },
        { "a container is public", "AccessCheck", "modules/storage.bicep", "publicAccess: 'None'", "publicAccess: 'Blob'" },
        { "Service Bus takes keys", "AccessCheck", "modules/service-bus.bicep", "disableLocalAuth: true", "disableLocalAuth: false" },
        { "the registry has an administrator", "AccessCheck", "modules/registry.bicep", "adminUserEnabled: false", "adminUserEnabled: true" },
        { "the private storage is open", "AccessCheck", "modules/storage.bicep", "publicNetworkAccess: publicNetworkAccess ? 'Enabled' : 'Disabled'", "publicNetworkAccess: 'Enabled'" },
        { "the private network lets all in by default", "AccessCheck", "modules/storage.bicep", "defaultAction: publicNetworkAccess ? 'Allow' : 'Deny'", "defaultAction: 'Allow'" },
        { "the private functions are open", "AccessCheck", "modules/functions.bicep", "publicNetworkAccess: publicNetworkAccess ? 'Enabled' : 'Disabled'", "publicNetworkAccess: publicNetworkAccess ? 'Disabled' : 'Enabled'" },
        { "the private Service Bus has no way in", "AccessCheck", "main.bicep", "  { name: 'bus', part: 'namespace', target: bus.outputs.id, zones: [network.?outputs.busZoneId ?? ''] }\n", "" },
        { "deployment by password", "AccessCheck", "modules/functions.bicep", "      allow: false", "      allow: true" },
        { "the functions take old encryption", "AccessCheck", "modules/functions.bicep", "minTlsVersion: '1.2'", "minTlsVersion: '1.0'" },
        { "the functions take files by plain FTP", "AccessCheck", "modules/functions.bicep", "ftpsState: 'Disabled'", "ftpsState: 'AllAllowed'" },
        { "the container app takes plain HTTP", "AccessCheck", "modules/functions-container.bicep", "allowInsecure: false", "allowInsecure: true" },
        { "a role too many", "RolesCheck", "modules/access.bicep", "  { container: containers.models, role: blobReader }", "  { container: containers.models, role: blobWriterRoleId }" },
        { "a role is missing", "RolesCheck", "modules/access.bicep", "  { container: containers.trainingData, role: blobWriterRoleId }\n  { container: containers.trainingRuns, role: blobWriterRoleId }\n  { container: containers.models, role: blobWriterRoleId }\n  { container: containers.audit, role: blobWriterRoleId }\n]\n\nvar uploaders", "  { container: containers.trainingRuns, role: blobWriterRoleId }\n  { container: containers.models, role: blobWriterRoleId }\n  { container: containers.audit, role: blobWriterRoleId }\n]\n\nvar uploaders" },
        { "a role for the whole account", "RolesCheck", "modules/storage-role.bicep", "  scope: account::blobs::container\n", "  scope: account\n" },
        { "a role for the whole namespace", "RolesCheck", "modules/service-bus-role.bicep", "  scope: bus::queue\n", "  scope: bus\n" },
        { "a wide role has lost its reason", "RolesCheck", "roles.json", "The Functions host makes containers and queues of its own; the account holds nothing else, and nothing of a patient.", "" },
        { "a role goes to another program", "RolesCheck", "main.bicep", "segmentationPrincipalId: segmentationIdentity.outputs.principalId", "segmentationPrincipalId: retrainingIdentity.outputs.principalId" },
        { "the scaler looks at another queue", "ScalingCheck", "modules/segmentation-job.bicep", "queueName: loadJsonContent('names.json').queues.segmentationRequests", "queueName: loadJsonContent('names.json').queues.segmentationCompleted" },
        { "the job never sleeps", "ScalingCheck", "modules/segmentation-job.bicep", "minExecutions: 0", "minExecutions: 1" },
        { "messages are no whole batches", "ScalingCheck", "main.bicep", "param messagesPerExecution int = 256", "param messagesPerExecution int = 250" },
        { "the job runs another command", "ScalingCheck", "modules/retraining-job.bicep", "['retrain',", "['consume'," },
        { "the job is ended too soon", "ScalingCheck", "main.bicep", "timeoutSeconds: 21600", "timeoutSeconds: 300" },
        { "a workload profile that does not exist", "ScalingCheck", "modules/segmentation-job.bicep", "onGpu ? 'gpu' : 'Consumption'", "onGpu ? 'GPU' : 'Consumption'" },
        { "nothing wakes the container app", "ScalingCheck", "modules/functions-container.bicep", "minReplicas: 1", "minReplicas: 0" },
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
        { "an output that a hook needs is gone", "HooksCheck", "main.bicep", "output CTSEG_EVENTS_TOPIC string", "output CTSEG_TOPIC string" },
        { "a function of the hook is misspelt", "HooksCheck", "hooks/subscribe-to-blobs.sh", "webhook AcceptCorrection", "webhook AcceptCorrections" },
        { "no subscription for corrections", "HooksCheck", "modules/names.json", "[\"slices\", \"corrections\"]", "[\"slices\"]" },
        { "an alert is gone", "AlertsCheck", "modules/alerts.bicep", "name: 'failed-scans'", "name: 'failing-scans'" },
        { "failed scans are told by another attribute", "AlertsCheck", "modules/alerts.bicep", "Properties[\"state\"]", "Properties[\"ctseg.scan.state\"]" },
        { "failed scans are spelt in another way", "AlertsCheck", "modules/alerts.bicep", "State == \"failed\"", "State == \"Failed\"" },
        { "a column that the table does not have", "AlertsCheck", "modules/alerts.bicep", "and Log !contains", "and Message !contains" },
        { "the name of the table is taken for a severity", "AlertsCheck", "modules/alerts.bicep", "\"${jobEvents.endedWell}\")", "\"${jobEvents.endedWell}\") or Type =~ \"Error\"" },
        { "a table of which nobody knows the columns", "AlertsCheck", "modules/alerts.bicep", "query: 'AppMetrics | where Name == \"ctseg.models.refused\"", "query: 'customMetrics | where Name == \"ctseg.models.refused\"" },
        { "an alert is switched off", "AlertsCheck", "modules/alerts.bicep", "      severity: alert.severity\n      enabled: true", "      severity: alert.severity\n      enabled: false" },
        { "an alert looks at a metric that nobody sends", "AlertsCheck", "modules/alerts.bicep", "\"ctseg.scans.waiting\"", "\"ctseg.scan.waiting\"" },
        { "no budget", "AlertsCheck", "prod.bicepparam", "param monthlyBudget = 500", "param monthlyBudget = 0" },
        { "versioning is off", "KeptDataCheck", "modules/storage.bicep", "isVersioningEnabled: true", "isVersioningEnabled: false" },
        { "no soft delete", "KeptDataCheck", "modules/storage.bicep", "    deleteRetentionPolicy: {\n      enabled: true", "    deleteRetentionPolicy: {\n      enabled: false" },
        { "old versions stay for ever", "KeptDataCheck", "modules/storage.bicep", "daysAfterCreationGreaterThan: softDeleteDays", "daysAfterCreationGreaterThan: 3650" },
        { "nobody tells of corrections", "UploadsCheck", "modules/event-grid.bicep", "for container in names.uploadContainers: if", "for container in ['slices']: if" },
        { "events go to another queue", "UploadsCheck", "modules/event-grid.bicep", "name: names.queues.uploadEvents", "name: names.queues.alerts" },
        { "Event Grid is not let in", "UploadsCheck", "modules/service-bus.bicep", "trustedServiceAccessEnabled: true", "trustedServiceAccessEnabled: false" },
        { "an unknown property", "LintCheck", "modules/storage.bicep", "allowSharedKeyAccess: false", "allowShardKeyAccess: false" },
        { "a number instead of a text", "LintCheck", "modules/service-bus.bicep", "lockDuration: lockDuration", "lockDuration: 60" },
        { "an old version of an interface", "LintCheck", "modules/registry.bicep", "registries@2025-11-01", "registries@2023-07-01" },
        { "a parameter that nobody uses", "LintCheck", "modules/registry.bicep", "param publicNetworkAccess bool", "param publicNetworkAccess bool\n\n@description('Of no use.')\nparam spare bool = true" },
        { "an output that nobody reads", "OutputsCheck", "modules/registry.bicep", "output id string = registry.id", "output id string = registry.id\n\n@description('Name of the registry.')\noutput name string = registry.name" },
        { "a missing output", "LintCheck", "modules/storage.bicep", "output name string = account.name", "" },
        { "a queue's name is written again", "NamesCheck", "modules/segmentation-job.bicep", "queueName: loadJsonContent('names.json').queues.segmentationRequests", "queueName: 'segmentation-requests'" },
        { "nobody keeps undelivered events", "NamesCheck", "modules/names.json", "\"undelivered-events\"", "\"dead-events\"" },
        { "the packages lie elsewhere", "NamesCheck", "modules/functions.bicep", "loadJsonContent('names.json').packagesContainer", "'packages'" },
        { "our own role may not delete versions", "RolesCheck", "modules/blob-writer.bicep", ", '${blobs}/deleteBlobVersion/action'", "" },
        { "the key may be read by who reads the vault", "RolesCheck", "modules/key-vault.bicep", "  scope: vault::signingKey\n", "  scope: vault\n" },
        { "a function may not send", "BindingsCheck", "roles.json", "\"program\": \"functions\",\n      \"scope\": \"training-requests\"", "\"program\": \"functions\",\n      \"scope\": \"spare\"" },
        { "nightly runs cannot sign", "SigningCheck", "modules/retraining-job.bicep", "name: 'ModelSigningKey'", "name: 'SigningKey'" },
        { "the key is written into the template", "LintCheck", "modules/retraining-job.bicep", "          keyVaultUrl: signingKeyUrl\n", "          value: signingKeyUrl\n" },
        { "another identity asks for the key", "SigningCheck", "modules/retraining-job.bicep", "          identity: identityId\n          keyVaultUrl", "          identity: 'system'\n          keyVaultUrl" },
        { "the key can be purged", "SigningCheck", "modules/key-vault.bicep", "enablePurgeProtection: true", "enablePurgeProtection: false" },
        { "the private vault is open", "AccessCheck", "modules/key-vault.bicep", "publicNetworkAccess: publicNetworkAccess ? 'Enabled' : 'Disabled'", "publicNetworkAccess: 'Enabled'" },
        { "the private vault has no way in", "AccessCheck", "main.bicep", "var vaultEndpoint = signed\n", "var vaultEndpoint = signed && open\n" },
        { "a path that nothing has any more", "AllowedValuesCheck", "modules/storage.bicep", "    accessTier: 'Hot'\n", "" },
        { "a schema that does not exist", "AllowedValuesCheck", "modules/event-subscription.bicep", "'EventGridSchema'", "'EventGridEventSchema'" },
        { "a window that is not offered", "AllowedValuesCheck", "modules/alerts.bicep", "window: 'P1D'", "window: 'P2D'" },
        { "the webhook is told in another schema", "UploadsCheck", "modules/event-subscription.bicep", "'EventGridSchema'", "'CloudEventSchemaV1_0'" },
        { "the webhook is told of deletions", "UploadsCheck", "modules/event-subscription.bicep", "['Microsoft.Storage.BlobCreated']", "['Microsoft.Storage.BlobDeleted']" },
        { "the webhook is told of all containers", "UploadsCheck", "modules/event-subscription.bicep", "containers/${container}/'", "containers/'" },
        { "the webhook of another function is called", "UploadsCheck", "event-subscriptions.bicep", "webhook: webhooks[container]", "webhook: webhooks.slices" },
        { "undelivered events lie elsewhere", "UploadsCheck", "modules/event-subscription.bicep", "blobContainerName: names.deadEventsContainer", "blobContainerName: names.containers.slices" },
        { "the queue is told in another schema", "UploadsCheck", "modules/event-grid.bicep", "'CloudEventSchemaV1_0'", "'EventGridSchema'" },
        { "silence is not heard", "AlertsCheck", "modules/alerts.bicep", "operator: 'LessThan'", "operator: 'GreaterThan'" },
        { "old training requests count", "AlertsCheck", "modules/alerts.bicep", " and tostring(Properties[\"messaging.destination.name\"]) == \"${names.queues.segmentationRequests}\"", "" },
        { "a gauge without a maximum is not seen", "AlertsCheck", "modules/alerts.bicep", "max_of(coalesce(Max, 0.0), iff(ItemCount > 1, Sum / ItemCount, Sum))", "Max" },
        { "a reason is not looked for", "AlertsCheck", "modules/alerts.bicep", "map(items(jobEvents.failures), one", "map(skip(items(jobEvents.failures), 1), one" },
        { "a reason from nowhere", "AlertsCheck", "modules/job-events.json", "(KEDA, pkg/eventreason)", "" },
        { "undelivered events stay for ever", "KeptDataCheck", "modules/storage.bicep", "prefixMatch: ['${names.deadEventsContainer}/']", "prefixMatch: ['spare/']" },
        {
            "logs name uploads", "KeptDataCheck", "modules/storage.bicep", "@description('Resource id of its queues.')",
            """
            resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
              name: 'logs'
              scope: blobs
              properties: { storageAccountId: account.id, logs: [{ category: 'StorageWrite', enabled: true }] }
            }

            @description('Resource id of its queues.')
            """
        },
        { "slices are deleted by their age", "KeptDataCheck", "modules/storage.bicep", "tierToCool: {", "delete: {" },
    };

    /// <summary>The first that a check must find.</summary>
    public static IEnumerable<ITheoryDataRow> First => Mistakes.DistinctBy(CheckOf);

    /// <summary>Each is compiled for seconds.</summary>
    public static IEnumerable<ITheoryDataRow> Further => Mistakes.Except(Mistakes.DistinctBy(CheckOf));

    [Theory]
    [MemberData(nameof(First))]
    public Task Given_AMistake_When_Checked_Then_ItIsFound(string mistake, string check, string file, string text, string other) =>
        FindAsync(mistake, check, file, text, other);

    [Theory]
    [Trait("Category", "Slow")]
    [MemberData(nameof(Further))]
    public Task Given_AFurtherMistake_When_Checked_Then_ItIsFound(string mistake, string check, string file, string text, string other) =>
        FindAsync(mistake, check, file, text, other);

    private static string CheckOf(TheoryDataRow<string, string, string, string, string> row) => row.Data.Item2;

    private static async Task FindAsync(string mistake, string check, string file, string text, string other)
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        using var template = Template.With(file, text, other, file switch { "prod.bicepparam" => "prod", "modules/functions-container.bicep" => "container", _ => "private" });
        (await TemplateCheck.All.Single(one => one.GetType().Name == check).FindAsync(template)).ShouldNotBeEmpty(mistake);
    }
}
