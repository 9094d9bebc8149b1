using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Infrastructure.Tests.Checks;

namespace CtSeg.Infrastructure.Tests;

/// <summary>Mistakes that the compiler lets pass, each made in a copy: a check that finds nothing is worth nothing.</summary>
public sealed class MistakeTests
{
    public static TheoryData<string, string, string, string, string> Mistakes => new()
    {
        { "a container is renamed", "NamesCheck", "modules/names.json", "\"training-data\"", "\"trainingdata\"" },
        { "a container is forgotten", "NamesCheck", "modules/names.json", "\"corrections\", \"training-runs\"", "\"training-runs\"" },
        { "a queue is renamed", "NamesCheck", "modules/names.json", "\"segmentation-requests\"", "\"segmentation-request\"" },
        { "a queue too many", "NamesCheck", "modules/names.json", "\"training-requests\", \"alerts\"", "\"training-requests\", \"alerts\", \"spare\"" },
        { "the poison queue is renamed", "NamesCheck", "modules/names.json", "\"webjobs-blobtrigger-poison\"", "\"webjobs-blobtrigger-poisoned\"" },
        { "locks are of another length", "QueuesCheck", "main.bicep", "lockDuration: 'PT1M'", "lockDuration: 'PT5M'" },
        { "messages die sooner", "QueuesCheck", "main.bicep", "maxDeliveryCount: 10", "maxDeliveryCount: 3" },
        { "repeated messages are not dropped", "QueuesCheck", "modules/service-bus.bicep", "requiresDuplicateDetection: true", "requiresDuplicateDetection: false" },
        { "expired messages are lost", "QueuesCheck", "modules/service-bus.bicep", "deadLetteringOnMessageExpiration: !contains(names.notificationQueues, queue)", "deadLetteringOnMessageExpiration: false" },
        { "notifications that nobody reads fill their queue", "QueuesCheck", "modules/service-bus.bicep", "deadLetteringOnMessageExpiration: !contains(names.notificationQueues, queue)", "deadLetteringOnMessageExpiration: true" },
        { "a setting is misspelt", "SettingsCheck", "main.bicep", "RetrainingSchedule: retrainingSchedule", "RetrainSchedule: retrainingSchedule" },
        { "a schedule is missing", "SettingsCheck", "main.bicep", "  TrainingRunsSchedule: '0 */5 * * * *'\n", "" },
        { "a job has no storage", "SettingsCheck", "modules/segmentation-job.bicep", "name: 'SlicesStorage__blobServiceUri'", "name: 'SliceStorage__blobServiceUri'" },
        { "a schedule that is none", "SettingsCheck", "main.bicep", "TrainingRunsSchedule: '0 */5 * * * *'", "TrainingRunsSchedule: '*/5 * * * *'" },
        { "a job's telemetry has no identity", "SettingsCheck", "modules/retraining-job.bicep", "name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'", "name: 'APPLICATIONINSIGHTS_AUTHENTICATION'" },
        { "libraries call home from the private network", "SettingsCheck", "main.bicep", "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL: 'true'", "APPLICATIONINSIGHTS_STATSBEAT_DISABLED: 'true'" },
        { "nobody may send poisoned uploads again", "RolesCheck", "modules/access.bicep", "map(names.poisonQueues, queue => { program: 'operators'", "map([], queue => { program: 'operators'" },
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
        { "a role too many", "RolesCheck", "modules/access.bicep", "  { container: 'models', role: blobReader }", "  { container: 'models', role: blobWriterRoleId }" },
        { "a role is missing", "RolesCheck", "modules/access.bicep", "  { container: 'training-data', role: blobWriterRoleId }\n  { container: 'training-runs', role: blobWriterRoleId }\n  { container: 'models', role: blobWriterRoleId }\n  { container: 'audit', role: blobWriterRoleId }\n]\n\nvar uploaders", "  { container: 'training-runs', role: blobWriterRoleId }\n  { container: 'models', role: blobWriterRoleId }\n  { container: 'audit', role: blobWriterRoleId }\n]\n\nvar uploaders" },
        { "a role for the whole account", "RolesCheck", "modules/storage-role.bicep", "  scope: account::blobs::container\n", "  scope: account\n" },
        { "a role for the whole namespace", "RolesCheck", "modules/service-bus-role.bicep", "  scope: bus::queue\n", "  scope: bus\n" },
        { "a wide role has lost its reason", "RolesCheck", "roles.json", "The Functions host makes containers and queues of its own; the account holds nothing else, and nothing of a patient.", "" },
        { "a role goes to another program", "RolesCheck", "main.bicep", "segmentationPrincipalId: segmentationIdentity.outputs.principalId", "segmentationPrincipalId: retrainingIdentity.outputs.principalId" },
        { "the scaler looks at another queue", "ScalingCheck", "modules/segmentation-job.bicep", "queueName: 'segmentation-requests'", "queueName: 'segmentation-completed'" },
        { "the job never sleeps", "ScalingCheck", "modules/segmentation-job.bicep", "minExecutions: 0", "minExecutions: 1" },
        { "messages are no whole batches", "ScalingCheck", "main.bicep", "param messagesPerExecution int = 256", "param messagesPerExecution int = 250" },
        { "the job runs another command", "ScalingCheck", "modules/retraining-job.bicep", "['retrain',", "['consume'," },
        { "the job is ended too soon", "ScalingCheck", "main.bicep", "timeoutSeconds: 21600", "timeoutSeconds: 300" },
        { "a kind that does not exist", "AllowedValuesCheck", "modules/storage.bicep", "kind: 'StorageV2'", "kind: 'StorageV3'" },
        { "a trigger that does not exist", "AllowedValuesCheck", "modules/segmentation-job.bicep", "triggerType: 'Event'", "triggerType: 'Events'" },
        { "memory that is not offered", "AllowedValuesCheck", "modules/segmentation-job.bicep", "memory: onGpu ? '56Gi'", "memory: onGpu ? '64Gi'" },
        { "a runtime that does not exist", "AllowedValuesCheck", "modules/functions.bicep", "name: 'custom'", "name: 'customhandler'" },
        { "a metric that does not exist", "AllowedValuesCheck", "modules/alerts.bicep", "metricName: 'DeadletteredMessages'", "metricName: 'DeadLetteredMessages'" },
        { "a toggle that is neither", "AllowedValuesCheck", "modules/registry.bicep", "? 'Enabled' : 'Disabled'", "? 'Enabled' : 'Disable'" },
        { "an output that a hook needs is gone", "HooksCheck", "main.bicep", "output CTSEG_EVENTS_TOPIC string", "output CTSEG_TOPIC string" },
        { "a function of the hook is misspelt", "HooksCheck", "hooks/subscribe-to-blobs.sh", "webhook AcceptCorrection", "webhook AcceptCorrections" },
        { "no subscription for corrections", "HooksCheck", "modules/names.json", "[\"slices\", \"corrections\"]", "[\"slices\"]" },
        { "an alert is gone", "AlertsCheck", "modules/alerts.bicep", "name: 'failed-scans'", "name: 'failing-scans'" },
        { "an alert is switched off", "AlertsCheck", "modules/alerts.bicep", "    severity: 2\n    enabled: true", "    severity: 2\n    enabled: false" },
        { "an alert looks at a metric that nobody sends", "AlertsCheck", "modules/alerts.bicep", "\"ctseg.scans.waiting\"", "\"ctseg.scan.waiting\"" },
        { "no budget", "AlertsCheck", "prod.bicepparam", "param monthlyBudget = 500", "param monthlyBudget = 0" },
        { "versioning is off", "KeptDataCheck", "modules/storage.bicep", "isVersioningEnabled: true", "isVersioningEnabled: false" },
        { "no soft delete", "KeptDataCheck", "modules/storage.bicep", "    deleteRetentionPolicy: {\n      enabled: true", "    deleteRetentionPolicy: {\n      enabled: false" },
        { "old versions stay for ever", "KeptDataCheck", "modules/storage.bicep", "daysAfterCreationGreaterThan: softDeleteDays", "daysAfterCreationGreaterThan: 3650" },
        { "nobody tells of corrections", "UploadsCheck", "modules/event-grid.bicep", "for container in names.uploadContainers: if", "for container in ['slices']: if" },
        { "events go to another queue", "UploadsCheck", "modules/event-grid.bicep", "name: 'upload-events'", "name: 'alerts'" },
        { "Event Grid is not let in", "UploadsCheck", "modules/service-bus.bicep", "trustedServiceAccessEnabled: true", "trustedServiceAccessEnabled: false" },
        { "an unknown property", "LintCheck", "modules/storage.bicep", "allowSharedKeyAccess: false", "allowShardKeyAccess: false" },
        { "a number instead of a text", "LintCheck", "modules/service-bus.bicep", "lockDuration: lockDuration", "lockDuration: 60" },
        { "an old version of an interface", "LintCheck", "modules/registry.bicep", "registries@2025-11-01", "registries@2023-07-01" },
        { "a parameter that nobody uses", "LintCheck", "modules/registry.bicep", "param publicNetworkAccess bool", "param publicNetworkAccess bool\n\n@description('Of no use.')\nparam spare bool = true" },
        { "a missing output", "LintCheck", "modules/storage.bicep", "output name string = account.name", "" },
        { "slices are deleted by their age", "KeptDataCheck", "modules/storage.bicep", "tierToCool: {", "delete: {" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Given_AMistake_When_Checked_Then_ItIsFound(string mistake, string check, string file, string text, string other)
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        using var template = Template.With(file, text, other, file switch { "prod.bicepparam" => "prod", "modules/functions-container.bicep" => "container", _ => "private" });
        (await TemplateCheck.All.Single(one => one.GetType().Name == check).FindAsync(template)).ShouldNotBeEmpty(mistake);
    }
}
