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

var names = loadJsonContent('names.json')
var containers = names.containers
var queues = names.queues

// The principal of an assignment cannot be changed: with another group it must have another name.
var uploaders = 'uploaders ${uploadersGroupId}'
var operators = 'operators ${operatorsGroupId}'

var blobOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var blobContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var blobReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var queueContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var busOwner = '090c5cfd-751d-490a-894a-3ce6f1109419'
var busReceiver = '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
var busSender = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'

// The blob trigger of the Functions host asks for the owner's role on what it watches (leases and receipts).
var functionsContainers = [
  { container: containers.slices, role: blobOwner }
  { container: containers.corrections, role: blobOwner }
  { container: containers.preprocessed, role: blobWriterRoleId }
  { container: containers.status, role: blobWriterRoleId }
  { container: containers.results, role: blobWriterRoleId }
  { container: containers.trainingData, role: blobWriterRoleId }
  { container: containers.trainingRuns, role: blobWriterRoleId }
  { container: containers.models, role: blobWriterRoleId }
  { container: containers.audit, role: blobWriterRoleId }
]

// Results of an erased scan are taken back, and what they were made of with them.
var segmentationContainers = [
  { container: containers.preprocessed, role: blobWriterRoleId }
  { container: containers.status, role: blobWriterRoleId }
  { container: containers.results, role: blobWriterRoleId }
  { container: containers.models, role: blobReader }
  { container: containers.trainingRuns, role: blobWriterRoleId }
  { container: containers.audit, role: blobReader }
]

var retrainingContainers = [
  { container: containers.trainingData, role: blobWriterRoleId }
  { container: containers.trainingRuns, role: blobWriterRoleId }
  { container: containers.models, role: blobWriterRoleId }
  { container: containers.audit, role: blobWriterRoleId }
]

var uploadersContainers = [
  { container: containers.slices, role: blobContributor }
  { container: containers.corrections, role: blobContributor }
  { container: containers.results, role: blobReader }
  { container: containers.status, role: blobReader }
]

var operatorsContainers = map(concat(map(items(containers), one => one.value), [names.deadEventsContainer]), container => { container: container, role: blobWriterRoleId })

var containerGrants = concat(
  map(functionsContainers, grant => union(grant, { holder: 'functions', principal: functionsPrincipalId, type: 'ServicePrincipal' })),
  map(segmentationContainers, grant => union(grant, { holder: 'segmentation', principal: segmentationPrincipalId, type: 'ServicePrincipal' })),
  map(retrainingContainers, grant => union(grant, { holder: 'retraining', principal: retrainingPrincipalId, type: 'ServicePrincipal' })),
  empty(uploadersGroupId) ? [] : map(uploadersContainers, grant => union(grant, { holder: uploaders, principal: uploadersGroupId, type: 'Group' })),
  empty(operatorsGroupId) ? [] : map(operatorsContainers, grant => union(grant, { holder: operators, principal: operatorsGroupId, type: 'Group' }))
)

// KEDA, which counts the messages for a job, is documented with the owner's role only.
var queueGrants = concat(
  [
    { holder: 'functions', queue: queues.uploadEvents, role: busReceiver, principal: functionsPrincipalId, type: 'ServicePrincipal' }
    { holder: 'functions', queue: queues.segmentationRequests, role: busSender, principal: functionsPrincipalId, type: 'ServicePrincipal' }
    { holder: 'functions', queue: queues.segmentationRequests, role: busReceiver, principal: functionsPrincipalId, type: 'ServicePrincipal' }
    { holder: 'functions', queue: queues.segmentationCompleted, role: busSender, principal: functionsPrincipalId, type: 'ServicePrincipal' }
    { holder: 'functions', queue: queues.trainingRequests, role: busSender, principal: functionsPrincipalId, type: 'ServicePrincipal' }
    { holder: 'functions', queue: queues.alerts, role: busSender, principal: functionsPrincipalId, type: 'ServicePrincipal' }
    { holder: 'segmentation', queue: queues.segmentationRequests, role: busOwner, principal: segmentationPrincipalId, type: 'ServicePrincipal' }
    { holder: 'segmentation', queue: queues.segmentationCompleted, role: busSender, principal: segmentationPrincipalId, type: 'ServicePrincipal' }
    { holder: 'segmentation', queue: queues.alerts, role: busSender, principal: segmentationPrincipalId, type: 'ServicePrincipal' }
    { holder: 'retraining', queue: queues.trainingRequests, role: busOwner, principal: retrainingPrincipalId, type: 'ServicePrincipal' }
    { holder: 'retraining', queue: queues.alerts, role: busSender, principal: retrainingPrincipalId, type: 'ServicePrincipal' }
  ],
  empty(uploadersGroupId) ? [] : [
    { holder: uploaders, queue: queues.segmentationCompleted, role: busReceiver, principal: uploadersGroupId, type: 'Group' }
  ],
  empty(operatorsGroupId) ? [] : flatten(map(items(queues), one => [
    { holder: operators, queue: one.value, role: busReceiver, principal: operatorsGroupId, type: 'Group' }
    { holder: operators, queue: one.value, role: busSender, principal: operatorsGroupId, type: 'Group' }
  ]))
)

// The functions read the first poison queue; who sends dead letters again looks into both.
var poisonGrants = concat(
  map(names.poisonQueues, queue => { holder: 'functions', queue: queue, principal: functionsPrincipalId, type: 'ServicePrincipal' }),
  empty(operatorsGroupId) ? [] : map(names.poisonQueues, queue => { holder: operators, queue: queue, principal: operatorsGroupId, type: 'Group' })
)

module containerRoles 'storage-role.bicep' = [
  for grant in containerGrants: {
    params: {
      accountName: storageName
      containerName: grant.container
      holder: grant.holder
      principalId: grant.principal
      principalType: grant.type
      roleId: grant.role
    }
  }
]

module queueRoles 'service-bus-role.bicep' = [
  for grant in queueGrants: {
    params: {
      holder: grant.holder
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
      holder: grant.holder
      principalId: grant.principal
      principalType: grant.type
      queueName: grant.queue
      roleId: queueContributor
    }
  }
]
