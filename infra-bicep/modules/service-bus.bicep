metadata description = 'The namespace with the queues between functions, jobs and whoever waits for results.'

@description('Name of the namespace, unique in the world.')
@minLength(6)
@maxLength(50)
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Premium is needed for private endpoints.')
@allowed(['Standard', 'Premium'])
param tier string

@description('Messaging units of the Premium tier.')
@allowed([1, 2, 4, 8, 16])
param messagingUnits int

@description('Whether anybody on the internet may knock (identities are asked for all the same), or private endpoints only.')
param publicNetworkAccess bool

@description('Time for which a received message is locked: that of a killed job comes again after it. Jobs renew it.')
param lockDuration string

@description('Deliveries after which a message is dead-lettered.')
@minValue(1)
@maxValue(2000)
param maxDeliveryCount int

@description('Time within which a message with the same id is dropped.')
param duplicateDetectionWindow string

@description('Time after which a message nobody took is dead-lettered.')
param timeToLive string

@description('Time after which a notification nobody took is dropped; what it tells is in storage.')
param notificationTimeToLive string

@description('Where operational logs go.')
param workspaceId string

var names = loadJsonContent('names.json')

resource bus 'Microsoft.ServiceBus/namespaces@2026-01-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: tier
    tier: tier
    capacity: tier == 'Premium' ? messagingUnits : null
  }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: publicNetworkAccess ? 'Enabled' : 'Disabled'
  }
}

// Event Grid reaches no private endpoint: it is let in as a service that Azure trusts, with its identity and a role on one queue.
resource network 'Microsoft.ServiceBus/namespaces/networkRuleSets@2026-01-01' = if (!publicNetworkAccess) {
  parent: bus
  name: 'default'
  properties: {
    defaultAction: 'Deny'
    publicNetworkAccess: 'Disabled'
    trustedServiceAccessEnabled: true
  }
}

resource queues 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' = [
  for queue in map(items(names.queues), one => one.value): {
    parent: bus
    name: queue
    properties: {
      // What nobody reads must not stay: dead letters never end, fill the queue, and stop its senders.
      deadLetteringOnMessageExpiration: !contains(names.notificationQueues, queue)
      defaultMessageTimeToLive: contains(names.notificationQueues, queue) ? notificationTimeToLive : timeToLive
      duplicateDetectionHistoryTimeWindow: duplicateDetectionWindow
      lockDuration: lockDuration
      maxDeliveryCount: maxDeliveryCount
      maxSizeInMegabytes: 5120
      requiresDuplicateDetection: true
    }
  }
]

#disable-next-line use-recent-api-versions // See storage.bicep.
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: bus
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'OperationalLogs'
        enabled: true
      }
    ]
  }
}

@description('Resource id.')
output id string = bus.id

@description('For the setting ServiceBus__fullyQualifiedNamespace.')
output fullyQualifiedNamespace string = split(split(bus.properties.serviceBusEndpoint, '//')[1], ':')[0]
