metadata description = 'Tells of created blobs. The subscriptions need a key of the deployed functions, so event-subscriptions.bicep follows after them.'

@description('Name of the topic.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the storage account.')
param storageName string

var blobContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var names = loadJsonContent('names.json')

resource storage 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
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

@description('Name of the topic.')
output name string = topic.name

@description('Resource id.')
output id string = topic.id
