metadata description = 'Subscriptions of the functions to created blobs; deployed by the hook of azd once the functions are there.'

@description('Name of the Event Grid system topic.')
param topicName string

@description('Name of the storage account, for events that cannot be delivered.')
param storageName string

@description('Address of the webhook of the function that takes the blobs of a container, by the name of the container; each ends with a key.')
@secure()
param webhooks { slices: string, corrections: string }

var names = loadJsonContent('modules/names.json')
module subscriptions 'modules/event-subscription.bicep' = [
  for container in names.uploadContainers: {
    params: {
      container: container
      storageName: storageName
      topicName: topicName
      webhook: webhooks[container]
    }
  }
]
