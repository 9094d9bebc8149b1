metadata description = 'The account that holds slices, results, training data and models. It knows no keys and no anonymous reader.'

@description('Name of the account, 3 to 24 lower-case letters and digits.')
@minLength(3)
@maxLength(24)
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Copies of the data: LRS in one building, ZRS in three, GZRS in another region as well.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS'])
param sku string

@description('Whether anybody on the internet may knock (identities are asked for all the same), or private endpoints only.')
param publicNetworkAccess bool

@description('Days for which a deleted or overwritten blob can be brought back, and after which an erasure is final.')
@minValue(1)
@maxValue(365)
param softDeleteDays int

@description('Days after which slices and what was made of them move to cool storage.')
@minValue(1)
param coolAfterDays int

@description('Days for which events are kept that could not be delivered.')
@minValue(1)
param undeliveredEventsDays int

var names = loadJsonContent('names.json')

resource account 'Microsoft.Storage/storageAccounts@2026-09-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: publicNetworkAccess ? 'Enabled' : 'Disabled'
    supportsHttpsTrafficOnly: true
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: publicNetworkAccess ? 'Allow' : 'Deny'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-09-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
  }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-09-01' = [
  for container in concat(map(items(names.containers), one => one.value), [names.deadEventsContainer]): {
    parent: blobs
    name: container
    properties: {
      publicAccess: 'None'
    }
  }
]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2026-09-01' = {
  parent: account
  name: 'default'
}

// The Functions host writes into the first what failed five times, and into the second what failed on its way out of the first.
resource poisonQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2026-09-01' = [
  for queue in names.poisonQueues: {
    parent: queueService
    name: queue
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2026-09-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'old-versions-go'
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
            }
            actions: {
              version: {
                delete: {
                  daysAfterCreationGreaterThan: softDeleteDays
                }
              }
              snapshot: {
                delete: {
                  daysAfterCreationGreaterThan: softDeleteDays
                }
              }
            }
          }
        }
        {
          name: 'slices-and-results-cool-down'
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['${names.containers.slices}/', '${names.containers.preprocessed}/', '${names.containers.results}/']
            }
            actions: {
              baseBlob: {
                tierToCool: {
                  daysAfterModificationGreaterThan: coolAfterDays
                }
              }
            }
          }
        }
        {
          // They name uploads, and an erasure does not look here.
          name: 'undelivered-events-go'
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['${names.deadEventsContainer}/']
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: undeliveredEventsDays
                }
              }
            }
          }
        }
      ]
    }
  }
  dependsOn: [blobs]
}

@description('Resource id.')
output id string = account.id

@description('Resource id of its queues.')
output queueServiceId string = queueService.id

@description('Name of the account.')
output name string = account.name

@description('For the setting SlicesStorage__blobServiceUri.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('For the setting AzureWebJobsStorage__queueServiceUri.')
output queueEndpoint string = account.properties.primaryEndpoints.queue
