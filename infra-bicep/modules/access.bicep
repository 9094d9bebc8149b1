metadata description = 'Who may do what: one line a container or queue, and nothing for a whole account or namespace.'

@description('Name of the account with the data.')
param storageName string

@description('Name of the Service Bus namespace.')
param busName string

@description('Principal id of the functions.')
param functionsPrincipalId string

@description('Principal id of the segmentation job.')
param segmentationPrincipalId string

@description('Principal id of the retraining job.')
param retrainingPrincipalId string

@description('Id of the role that may also delete versions of blobs.')
param blobWriterRoleId string

@description('Object id of the group that uploads slices and corrected masks and reads results; empty for none.')
param uploadersGroupId string

@description('Object id of the group that runs the commands of the registry, of data and of dead letters; empty for none.')
param operatorsGroupId string

var blobOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var blobContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var blobReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var queueContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var busOwner = '090c5cfd-751d-490a-894a-3ce6f1109419'
var busReceiver = '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
var busSender = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'

// The blob trigger of the Functions host asks for the owner's role on what it watches (leases and receipts).
var functionsContainers = [
  { container: 'slices', role: blobOwner }
  { container: 'corrections', role: blobOwner }
  { container: 'preprocessed', role: blobWriterRoleId }
  { container: 'status', role: blobWriterRoleId }
  { container: 'results', role: blobWriterRoleId }
  { container: 'training-data', role: blobWriterRoleId }
  { container: 'training-runs', role: blobWriterRoleId }
  { container: 'models', role: blobWriterRoleId }
  { container: 'audit', role: blobWriterRoleId }
]

var segmentationContainers = [
  { container: 'preprocessed', role: blobReader }
  { container: 'status', role: blobWriterRoleId }
  { container: 'results', role: blobWriterRoleId }
  { container: 'models', role: blobReader }
  { container: 'training-runs', role: blobWriterRoleId }
  { container: 'audit', role: blobReader }
]

var retrainingContainers = [
  { container: 'training-data', role: blobWriterRoleId }
  { container: 'training-runs', role: blobWriterRoleId }
  { container: 'models', role: blobWriterRoleId }
  { container: 'audit', role: blobWriterRoleId }
]

var uploadersContainers = [
  { container: 'slices', role: blobContributor }
  { container: 'corrections', role: blobContributor }
  { container: 'results', role: blobReader }
  { container: 'status', role: blobReader }
]

var names = loadJsonContent('names.json')
var operatorsContainers = map(concat(names.containers, [names.deadEventsContainer]), container => { container: container, role: blobWriterRoleId })

var containerGrants = concat(
  map(functionsContainers, grant => union(grant, { program: 'functions', principal: functionsPrincipalId, type: 'ServicePrincipal' })),
  map(segmentationContainers, grant => union(grant, { program: 'segmentation', principal: segmentationPrincipalId, type: 'ServicePrincipal' })),
  map(retrainingContainers, grant => union(grant, { program: 'retraining', principal: retrainingPrincipalId, type: 'ServicePrincipal' })),
  empty(uploadersGroupId) ? [] : map(uploadersContainers, grant => union(grant, { program: 'uploaders', principal: uploadersGroupId, type: 'Group' })),
  empty(operatorsGroupId) ? [] : map(operatorsContainers, grant => union(grant, { program: 'operators', principal: operatorsGroupId, type: 'Group' }))
)

// KEDA, which counts the messages for a job, is documented with the owner's role only.
var queueGrants = concat(
  [
    { program: 'functions', queue: 'upload-events', role: busReceiver, principal: functionsPrincipalId, type: 'ServicePrincipal' }
    { program: 'functions', queue: 'segmentation-requests', role: busSender, principal: functionsPrincipalId, type: 'ServicePrincipal' }
    { program: 'functions', queue: 'segmentation-requests', role: busReceiver, principal: functionsPrincipalId, type: 'ServicePrincipal' }
    { program: 'functions', queue: 'segmentation-completed', role: busSender, principal: functionsPrincipalId, type: 'ServicePrincipal' }
    { program: 'functions', queue: 'training-requests', role: busSender, principal: functionsPrincipalId, type: 'ServicePrincipal' }
    { program: 'functions', queue: 'alerts', role: busSender, principal: functionsPrincipalId, type: 'ServicePrincipal' }
    { program: 'segmentation', queue: 'segmentation-requests', role: busOwner, principal: segmentationPrincipalId, type: 'ServicePrincipal' }
    { program: 'segmentation', queue: 'segmentation-completed', role: busSender, principal: segmentationPrincipalId, type: 'ServicePrincipal' }
    { program: 'segmentation', queue: 'alerts', role: busSender, principal: segmentationPrincipalId, type: 'ServicePrincipal' }
    { program: 'retraining', queue: 'training-requests', role: busOwner, principal: retrainingPrincipalId, type: 'ServicePrincipal' }
    { program: 'retraining', queue: 'alerts', role: busSender, principal: retrainingPrincipalId, type: 'ServicePrincipal' }
  ],
  empty(uploadersGroupId) ? [] : [
    { program: 'uploaders', queue: 'segmentation-completed', role: busReceiver, principal: uploadersGroupId, type: 'Group' }
  ],
  empty(operatorsGroupId) ? [] : flatten(map(names.queues, queue => [
    { program: 'operators', queue: queue, role: busReceiver, principal: operatorsGroupId, type: 'Group' }
    { program: 'operators', queue: queue, role: busSender, principal: operatorsGroupId, type: 'Group' }
  ]))
)

// The functions read the first poison queue; who sends dead letters again looks into both.
var poisonGrants = concat(
  map(names.poisonQueues, queue => { program: 'functions', queue: queue, principal: functionsPrincipalId, type: 'ServicePrincipal' }),
  empty(operatorsGroupId) ? [] : map(names.poisonQueues, queue => { program: 'operators', queue: queue, principal: operatorsGroupId, type: 'Group' })
)

module containerRoles 'storage-role.bicep' = [
  for grant in containerGrants: {
    params: {
      accountName: storageName
      containerName: grant.container
      holder: grant.program
      principalId: grant.principal
      principalType: grant.type
      roleId: grant.role
    }
  }
]

module queueRoles 'service-bus-role.bicep' = [
  for grant in queueGrants: {
    params: {
      holder: grant.program
      namespaceName: busName
      principalId: grant.principal
      principalType: grant.type
      queueName: grant.queue
      roleId: grant.role
    }
  }
]

module poisonRoles 'queue-role.bicep' = [
  for grant in poisonGrants: {
    params: {
      accountName: storageName
      holder: grant.program
      principalId: grant.principal
      principalType: grant.type
      queueName: grant.queue
      roleId: queueContributor
    }
  }
]
