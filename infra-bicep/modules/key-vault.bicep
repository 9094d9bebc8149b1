metadata description = 'Where the private key lies that new models are signed with: deployed where models must be signed. It is put there by hand, and only the retraining job reads it.'

@description('Name of the vault, unique in the world.')
@minLength(3)
@maxLength(24)
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Whether anybody on the internet may knock (identities are asked for all the same), or private endpoints only.')
param publicNetworkAccess bool

@description('Object id of the group that puts the key into the vault; empty for none.')
param operatorsGroupId string

@description('Principal id of the retraining job.')
param retrainingPrincipalId string

@description('Whether the key is there, so that the job can be given the right to read it.')
param keyIsThere bool

@description('Where it is logged who read or wrote the key.')
param workspaceId string

var secretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

resource vault 'Microsoft.KeyVault/vaults@2026-05-15' = {
  name: name
  location: location
  tags: tags
  properties: {
    enablePurgeProtection: true
    enableRbacAuthorization: true
    enableSoftDelete: true
    networkAcls: {
      bypass: 'None'
      defaultAction: publicNetworkAccess ? 'Allow' : 'Deny'
    }
    publicNetworkAccess: publicNetworkAccess ? 'Enabled' : 'Disabled'
    sku: {
      family: 'A'
      name: 'standard'
    }
    softDeleteRetentionInDays: 7
    tenantId: tenant().tenantId
  }

  resource signingKey 'secrets' existing = {
    name: loadJsonContent('names.json').signingKeySecret
  }
}

// Its only content is that key.
resource write 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorsGroupId)) {
  name: guid(vault.id, operatorsGroupId, secretsOfficer)
  scope: vault
  properties: {
    principalId: operatorsGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsOfficer)
  }
}

resource read 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (keyIsThere) {
  name: guid(vault::signingKey.id, 'retraining', secretsUser)
  scope: vault::signingKey
  properties: {
    principalId: retrainingPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
  }
}

#disable-next-line use-recent-api-versions // See storage.bicep.
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}

@description('Resource id.')
output id string = vault.id

@description('Name of the vault.')
output name string = vault.name

@description('Address of the key, without a version: the newest is read.')
output signingKeyUrl string = '${vault.properties.vaultUri}secrets/${loadJsonContent('names.json').signingKeySecret}'
