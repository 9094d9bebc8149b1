metadata description = 'CtSeg in one resource group: slices come into a storage account, masks and measurements lie in it seconds later.'

targetScope = 'subscription'

@description('Name of the environment: in the resource group\'s name, in those of its resources, and where azd keeps what it learnt.')
@minLength(1)
@maxLength(12)
param environmentName string

@description('Azure region; GPUs are offered in few (docs/deploy.md).')
@minLength(1)
param location string

@description('Tags of every resource.')
param tags object = {}

@description('Where the functions run: on Flex Consumption, or as a container app in the environment of the jobs.')
@allowed(['FlexConsumption', 'ContainerApp'])
param functionsHosting string = 'FlexConsumption'

@description('What both jobs run on: processors, or one GPU an execution.')
@allowed(['Cpu', 'Consumption-GPU-NC8as-T4', 'Consumption-GPU-NC24-A100'])
param segmentationHardware string = 'Cpu'

@description('Whether all is closed to the internet and reached through private endpoints. Service Bus and registry are then of the Premium tier.')
param privateNetwork bool = false

@description('Address range of the private network, at least a /21.')
param addressPrefix string = '10.42.0.0/21'

@description('Copies of the data: LRS in one building, ZRS in three, GZRS in another region as well.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS'])
param storageSku string = 'Standard_ZRS'

@description('Days for which a deleted or overwritten blob can be brought back, and after which an erasure is final.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 7

@description('Days after which slices and results move to cool storage.')
@minValue(1)
param coolAfterDays int = 30

@description('Days for which logs and traces are kept.')
@minValue(30)
@maxValue(730)
param logDays int = 30

@description('Gigabytes of logs and traces a day after which no more is taken in.')
@minValue(1)
param logQuotaGb int = 2

@description('When the model is retrained: NCRONTAB, six fields, UTC.')
param retrainingSchedule string = '0 0 2 * * *'

@description('Public keys of which one must have signed a model, in PEM; empty where none is needed.')
param trustedModelKeys string = ''

@description('Whether the private key is in the Key Vault, so that nightly models are signed; only once it is there (infra-bicep/README.md).')
param signModels bool = false

@description('Image of the jobs with its digest, in the registry or elsewhere; empty for one that ends at once, until a hook of azd has built ours.')
param jobImage string = ''

@description('Image of the functions with its digest, where they are a container app; there is no app while it is empty.')
param functionsImage string = ''

@description('Object id of the group that uploads slices and corrected masks and reads results; empty for none.')
param uploadersGroupId string = ''

@description('Object id of the group that runs the commands of the registry, of data and of dead letters; empty for none.')
param operatorsGroupId string = ''

@description('Addresses that alerts are sent to.')
param alertContacts string[] = []

@description('Amount a month of which operators are told, in the currency of the subscription; 0 for none.')
@minValue(0)
param monthlyBudget int = 0

@description('First day of the budget, yyyy-MM-01; a hook of azd sets it.')
param budgetStart string = ''

@description('Waiting messages for which one more execution of the segmentation job is started; docs/scaling.md.')
@minValue(1)
param messagesPerExecution int = 256

@description('Executions of the segmentation job at the same time, at most.')
@minValue(1)
param maxExecutions int = 4

@description('Messages that the segmentation job takes at a time.')
@minValue(1)
@maxValue(256)
param batch int = 8

@description('Seconds without a message after which an execution of the segmentation job ends.')
@minValue(1)
param idleSeconds int = 120

var suffix = '${environmentName}-${take(uniqueString(subscription().id, environmentName, location), 6)}'
var compact = toLower(replace(suffix, '-', ''))
var allTags = union(tags, { 'azd-env-name': environmentName })
var onGpu = segmentationHardware != 'Cpu'
var open = !privateNetwork
var imageOfJobs = empty(jobImage) ? 'mcr.microsoft.com/k8se/quickstart-jobs:latest' : jobImage
var storageName = take('stctseg${compact}', 24)
var blobWriterRoleId = guid(subscription().id, environmentName, location, 'blob-writer')
var signed = !empty(trustedModelKeys)
var busName = 'sb-ctseg-${suffix}'

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-ctseg-${environmentName}'
  location: location
  tags: allTags
}

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: group
  params: {
    addressPrefix: addressPrefix
    location: location
    name: 'vnet-${suffix}'
    tags: allTags
  }
}

module functionsIdentity 'modules/identity.bicep' = {
  scope: group
  params: {
    location: location
    name: 'id-functions-${suffix}'
    tags: allTags
  }
}

module segmentationIdentity 'modules/identity.bicep' = {
  scope: group
  params: {
    location: location
    name: 'id-segmentation-${suffix}'
    tags: allTags
  }
}

module retrainingIdentity 'modules/identity.bicep' = {
  scope: group
  params: {
    location: location
    name: 'id-retraining-${suffix}'
    tags: allTags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    dailyQuotaGb: logQuotaGb
    location: location
    publicNetworkAccess: open
    retentionDays: logDays
    suffix: suffix
    tags: allTags
    telemetrySenders: [
      { program: 'functions', principalId: functionsIdentity.outputs.principalId }
      { program: 'segmentation', principalId: segmentationIdentity.outputs.principalId }
      { program: 'retraining', principalId: retrainingIdentity.outputs.principalId }
    ]
  }
}

module monitorLink 'modules/monitor-link.bicep' = if (privateNetwork) {
  scope: group
  params: {
    insightsId: monitoring.outputs.insightsId
    suffix: suffix
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    coolAfterDays: coolAfterDays
    location: location
    name: storageName
    publicNetworkAccess: open
    sku: storageSku
    softDeleteDays: softDeleteDays
    tags: allTags
    // As long as a message that nobody takes.
    undeliveredEventsDays: 14
  }
}

module hostStorage 'modules/host-storage.bicep' = {
  scope: group
  params: {
    functionsPrincipalId: functionsIdentity.outputs.principalId
    location: location
    name: take('sthost${compact}', 24)
    publicNetworkAccess: open
    tags: allTags
  }
}

module bus 'modules/service-bus.bicep' = {
  scope: group
  params: {
    duplicateDetectionWindow: 'PT10M'
    location: location
    lockDuration: 'PT1M'
    maxDeliveryCount: 10
    messagingUnits: 1
    name: busName
    notificationTimeToLive: 'P7D'
    publicNetworkAccess: open
    tags: allTags
    tier: privateNetwork ? 'Premium' : 'Standard'
    timeToLive: 'P14D'
    workspaceId: monitoring.outputs.workspaceId
  }
}

module blobWriter 'modules/blob-writer.bicep' = {
  params: {
    environmentName: environmentName
    resourceGroupName: group.name
    roleId: blobWriterRoleId
  }
}

module access 'modules/access.bicep' = {
  scope: group
  params: {
    blobWriterRoleId: blobWriterRoleId
    busName: busName
    functionsPrincipalId: functionsIdentity.outputs.principalId
    operatorsGroupId: operatorsGroupId
    retrainingPrincipalId: retrainingIdentity.outputs.principalId
    segmentationPrincipalId: segmentationIdentity.outputs.principalId
    storageName: storageName
    uploadersGroupId: uploadersGroupId
  }
  dependsOn: [blobWriter, bus, storage]
}

module registry 'modules/registry.bicep' = {
  scope: group
  params: {
    location: location
    name: take('crctseg${compact}', 50)
    publicNetworkAccess: open
    // Flex Consumption pulls no image.
    pullers: concat(
      [
        { program: 'segmentation', principalId: segmentationIdentity.outputs.principalId }
        { program: 'retraining', principalId: retrainingIdentity.outputs.principalId }
      ],
      functionsHosting == 'ContainerApp' ? [{ program: 'functions', principalId: functionsIdentity.outputs.principalId }] : []
    )
    tags: allTags
    tier: privateNetwork ? 'Premium' : 'Basic'
  }
}

module keyVault 'modules/key-vault.bicep' = if (signed) {
  scope: group
  params: {
    keyIsThere: signModels
    location: location
    name: 'kv-${suffix}'
    operatorsGroupId: operatorsGroupId
    publicNetworkAccess: open
    retrainingPrincipalId: retrainingIdentity.outputs.principalId
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
  }
}

module environment 'modules/environment.bicep' = {
  scope: group
  params: {
    hardware: segmentationHardware
    location: location
    name: 'cae-${suffix}'
    publicNetworkAccess: open
    subnetId: network.?outputs.containersSubnetId ?? ''
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
  }
}

// What the libraries would tell Microsoft of themselves goes past the private endpoints.
var telemetrySettings = union(
  { APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.insightsConnection },
  privateNetwork ? { APPLICATIONINSIGHTS_SDKSTATS_DISABLED: 'true', APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL: 'true' } : {}
)

module segmentationJob 'modules/segmentation-job.bicep' = {
  scope: group
  params: {
    batch: batch
    blobEndpoint: storage.outputs.blobEndpoint
    busName: busName
    busNamespace: bus.outputs.fullyQualifiedNamespace
    cpu: '2.0'
    environmentId: environment.outputs.id
    identityClientId: segmentationIdentity.outputs.clientId
    identityId: segmentationIdentity.outputs.id
    idleSeconds: idleSeconds
    image: imageOfJobs
    location: location
    maxExecutions: maxExecutions
    memory: '4Gi'
    messagesPerExecution: messagesPerExecution
    name: 'job-segmentation-${environmentName}'
    onGpu: onGpu
    registryServer: registry.outputs.loginServer
    tags: allTags
    telemetry: telemetrySettings
    timeoutSeconds: 21600
    trustedModelKeys: trustedModelKeys
  }
}

module retrainingJob 'modules/retraining-job.bicep' = {
  scope: group
  params: {
    blobEndpoint: storage.outputs.blobEndpoint
    busName: busName
    busNamespace: bus.outputs.fullyQualifiedNamespace
    cpu: '4.0'
    environmentId: environment.outputs.id
    identityClientId: retrainingIdentity.outputs.clientId
    identityId: retrainingIdentity.outputs.id
    idleSeconds: 60
    image: imageOfJobs
    location: location
    memory: '8Gi'
    name: 'job-retraining-${environmentName}'
    onGpu: onGpu
    registryServer: registry.outputs.loginServer
    signingKeyUrl: keyVault.?outputs.signingKeyUrl ?? ''
    signs: signed && signModels
    tags: allTags
    telemetry: telemetrySettings
    timeoutSeconds: 43200
    trustedModelKeys: trustedModelKeys
  }
}

var functionSettings = union(telemetrySettings, {
  // Of every call the host would tell which blob it is for: names of uploads do not belong into logs.
  AzureFunctionsJobHost__logging__logLevel__Function: 'Warning'
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${functionsIdentity.outputs.clientId};Authorization=AAD'
  AZURE_CLIENT_ID: functionsIdentity.outputs.clientId
  ReconcileSchedule: '0 */5 * * * *'
  RetrainingSchedule: retrainingSchedule
  ServiceBus__clientId: functionsIdentity.outputs.clientId
  ServiceBus__credential: 'managedidentity'
  ServiceBus__fullyQualifiedNamespace: bus.outputs.fullyQualifiedNamespace
  SlicesStorage__blobServiceUri: storage.outputs.blobEndpoint
  SlicesStorage__clientId: functionsIdentity.outputs.clientId
  SlicesStorage__credential: 'managedidentity'
  SlicesStorage__queueServiceUri: storage.outputs.queueEndpoint
  TrainingRunsSchedule: '0 */5 * * * *'
})

module functions 'modules/functions.bicep' = if (functionsHosting == 'FlexConsumption') {
  scope: group
  params: {
    hostBlobEndpoint: hostStorage.outputs.blobEndpoint
    hostQueueEndpoint: hostStorage.outputs.queueEndpoint
    identityClientId: functionsIdentity.outputs.clientId
    identityId: functionsIdentity.outputs.id
    instanceMemoryMb: 2048
    location: location
    maxInstances: 40
    name: 'func-ctseg-${suffix}'
    publicNetworkAccess: open
    settings: functionSettings
    subnetId: network.?outputs.functionsSubnetId ?? ''
    tags: allTags
  }
}

module functionsContainer 'modules/functions-container.bicep' = if (functionsHosting == 'ContainerApp' && !empty(functionsImage)) {
  scope: group
  params: {
    environmentId: environment.outputs.id
    hostBlobEndpoint: hostStorage.outputs.blobEndpoint
    hostQueueEndpoint: hostStorage.outputs.queueEndpoint
    identityClientId: functionsIdentity.outputs.clientId
    identityId: functionsIdentity.outputs.id
    image: functionsImage
    location: location
    maxInstances: 40
    name: 'func-ctseg-${environmentName}'
    registryServer: registry.outputs.loginServer
    settings: functionSettings
    tags: allTags
  }
}

module environmentZone 'modules/environment-zone.bicep' = if (privateNetwork && functionsHosting == 'ContainerApp') {
  scope: group
  params: {
    address: environment.outputs.staticIp
    #disable-next-line what-if-short-circuiting // Azure chooses the domain when it makes the environment.
    domain: environment.outputs.defaultDomain
    networkId: network.?outputs.id ?? ''
    tags: allTags
  }
}

module events 'modules/event-grid.bicep' = {
  scope: group
  params: {
    location: location
    busName: busName
    byQueue: privateNetwork
    name: 'evgt-${suffix}'
    storageName: storageName
    tags: allTags
  }
  dependsOn: [bus, storage]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    busId: bus.outputs.id
    contacts: alertContacts
    failedScansPercent: 10
    jobs: [segmentationJob.outputs.name, retrainingJob.outputs.name]
    location: location
    oldestMessageMinutes: 30
    poisonQueuesId: storage.outputs.queueServiceId
    suffix: suffix
    tags: allTags
    topicId: events.outputs.id
    workspaceId: monitoring.outputs.workspaceId
  }
}

module budget 'modules/budget.bicep' = if (monthlyBudget > 0 && !empty(alertContacts)) {
  scope: group
  params: {
    amount: max(monthlyBudget, 1)
    contacts: alertContacts
    startDate: budgetStart
  }
}

var endpoints = [
  { name: 'blobs', part: 'blob', target: storage.outputs.id, zones: [network.?outputs.blobZoneId ?? ''] }
  { name: 'queues', part: 'queue', target: storage.outputs.id, zones: [network.?outputs.queueZoneId ?? ''] }
  { name: 'host-blobs', part: 'blob', target: hostStorage.outputs.id, zones: [network.?outputs.blobZoneId ?? ''] }
  { name: 'host-queues', part: 'queue', target: hostStorage.outputs.id, zones: [network.?outputs.queueZoneId ?? ''] }
  { name: 'bus', part: 'namespace', target: bus.outputs.id, zones: [network.?outputs.busZoneId ?? ''] }
  { name: 'monitor', part: 'azuremonitor', target: monitorLink.?outputs.id ?? '', zones: network.?outputs.monitorZoneIds ?? [] }
  { name: 'registry', part: 'registry', target: registry.outputs.id, zones: [network.?outputs.registryZoneId ?? ''] }
]

var functionsEndpoint = functionsHosting == 'FlexConsumption'
  ? [{ name: 'functions', part: 'sites', target: functions.?outputs.id ?? '', zones: [network.?outputs.functionsZoneId ?? ''] }]
  : []

var vaultEndpoint = signed
  ? [{ name: 'vault', part: 'vault', target: keyVault.?outputs.id ?? '', zones: [network.?outputs.vaultZoneId ?? ''] }]
  : []

module privateEndpoints 'modules/private-endpoints.bicep' = if (privateNetwork) {
  scope: group
  params: {
    endpoints: concat(endpoints, functionsEndpoint, vaultEndpoint)
    location: location
    subnetId: network.?outputs.endpointsSubnetId ?? ''
    suffix: suffix
    tags: allTags
  }
}

@description('Name of the resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Where azd pushes images.')
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = registry.outputs.loginServer

@description('Name of the storage account with the data.')
output CTSEG_STORAGE_ACCOUNT string = storage.outputs.name

@description('Where slices are uploaded.')
output CTSEG_BLOB_ENDPOINT string = storage.outputs.blobEndpoint

@description('Service Bus namespace, for whoever waits for results.')
output CTSEG_SERVICE_BUS_NAMESPACE string = bus.outputs.fullyQualifiedNamespace

@description('Name of the functions.')
output CTSEG_FUNCTIONS_NAME string = functions.?outputs.name ?? functionsContainer.?outputs.name ?? ''

@description('Host name of the API.')
output CTSEG_FUNCTIONS_HOST string = functions.?outputs.hostName ?? functionsContainer.?outputs.hostName ?? ''

@description('Name of the Event Grid system topic, for the hook that makes its subscriptions.')
output CTSEG_EVENTS_TOPIC string = events.outputs.name

@description('Whether a queue tells the functions of uploads, so that their webhook needs no subscription.')
output CTSEG_EVENTS_BY_QUEUE bool = privateNetwork

@description('Where the functions run, for the hooks.')
output CTSEG_FUNCTIONS_HOSTING string = functionsHosting

@description('Which image of the jobs is built: cpu or cuda.')
output CTSEG_JOB_BACKEND string = onGpu ? 'cuda' : 'cpu'

@description('Name of the Key Vault, where models must be signed.')
output CTSEG_VAULT string = keyVault.?outputs.name ?? ''

@description('Name of the segmentation job.')
output CTSEG_SEGMENTATION_JOB string = segmentationJob.outputs.name

@description('Name of the retraining job.')
output CTSEG_RETRAINING_JOB string = retrainingJob.outputs.name
