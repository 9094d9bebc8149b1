metadata description = 'Tells one function of the blobs that are created in one container.'

@description('Name of the Event Grid system topic.')
param topicName string

@description('Name of the storage account, for events that cannot be delivered.')
param storageName string

@description('Container whose blobs are told of.')
param container string

@description('Address of the function\'s webhook; it ends with a key.')
@secure()
param webhook string

var names = loadJsonContent('names.json')

resource storage 'Microsoft.Storage/storageAccounts@2026-09-01' existing = {
  name: storageName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource subscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
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
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: webhook
        maxEventsPerBatch: 1
      }
    }
    eventDeliverySchema: 'EventGridSchema'
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      subjectBeginsWith: '/blobServices/default/containers/${container}/'
    }
    retryPolicy: {
      eventTimeToLiveInMinutes: 1440
      maxDeliveryAttempts: 30
    }
  }
}
