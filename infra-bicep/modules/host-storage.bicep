metadata description = 'The storage account of the Functions host itself: leases, receipts, keys and packages, nothing of a patient.'

@description('Name of the account, 3 to 24 lower-case letters and digits.')
@minLength(3)
@maxLength(24)
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Principal id of the functions\' identity.')
param functionsPrincipalId string

@description('Whether anybody on the internet may knock (identities are asked for all the same), or private endpoints only.')
param publicNetworkAccess bool

var blobOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var queueContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'

resource hostStorage 'Microsoft.Storage/storageAccounts@2026-09-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
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

  resource blobs 'blobServices' = {
    name: 'default'

    resource container 'containers' = {
      name: loadJsonContent('names.json').packagesContainer
      properties: {
        publicAccess: 'None'
      }
    }
  }
}

// The host makes containers and queues of its own, so these two reach over the whole account, which holds nothing else.
resource hostRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [blobOwner, queueContributor]: {
    name: guid(hostStorage.id, 'functions', role)
    scope: hostStorage
    properties: {
      principalId: functionsPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

@description('Resource id.')
output id string = hostStorage.id

@description('For the setting AzureWebJobsStorage__blobServiceUri.')
output blobEndpoint string = hostStorage.properties.primaryEndpoints.blob

@description('For the setting AzureWebJobsStorage__queueServiceUri.')
output queueEndpoint string = hostStorage.properties.primaryEndpoints.queue
