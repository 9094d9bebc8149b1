metadata description = 'Tells of created blobs: by a queue where the functions cannot be reached from outside. Else the subscriptions need a key of the deployed functions, so event-subscriptions.bicep follows after them.'

@description('Name of the topic.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the storage account.')
param storageName string

@description('Name of the Service Bus namespace.')
param busName string

@description('Whether a message tells the functions of created blobs, instead of a request to their webhook.')
param byQueue bool

var blobContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var busSender = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
var names = loadJsonContent('names.json')

resource storage 'Microsoft.Storage/storageAccounts@2026-09-01' existing = {
  name: storageName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    source: storage.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

// Events that could not be delivered are kept in a container.
module deadEvents 'storage-role.bicep' = {
  params: {
    accountName: storageName
    containerName: names.deadEventsContainer
    holder: 'events'
    principalId: topic.identity.principalId
    roleId: blobContributor
  }
}

resource bus 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = {
  name: busName

  resource uploads 'queues' existing = {
    name: names.queues.uploadEvents
  }
}

module tellsTheQueue 'service-bus-role.bicep' = if (byQueue) {
  params: {
    holder: 'events'
    namespaceName: busName
    principalId: topic.identity.principalId
    queueName: bus::uploads.name
    roleId: busSender
  }
}

resource subscriptions 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = [
  for container in names.uploadContainers: if (byQueue) {
    parent: topic
    name: container
    properties: {
      deadLetterWithResourceIdentity: {
        identity: {
          type: 'SystemAssigned'
        }
        deadLetterDestination: {
          endpointType: 'StorageBlob'
          properties: {
            blobContainerName: names.deadEventsContainer
            resourceId: storage.id
          }
        }
      }
      deliveryWithResourceIdentity: {
        identity: {
          type: 'SystemAssigned'
        }
        destination: {
          endpointType: 'ServiceBusQueue'
          properties: {
            resourceId: bus::uploads.id
          }
        }
      }
      eventDeliverySchema: 'CloudEventSchemaV1_0'
      filter: {
        includedEventTypes: ['Microsoft.Storage.BlobCreated']
        subjectBeginsWith: '/blobServices/default/containers/${container}/'
      }
      retryPolicy: {
        eventTimeToLiveInMinutes: 1440
        maxDeliveryAttempts: 30
      }
    }
    dependsOn: [deadEvents, tellsTheQueue]
  }
]

@description('Name of the topic.')
output name string = topic.name

@description('Resource id.')
output id string = topic.id
