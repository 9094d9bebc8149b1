metadata description = 'A role on one container: no program may do more than its work needs, nor elsewhere.'

@description('Name of the storage account.')
param accountName string

@description('Name of the container.')
param containerName string

@description('Id of the built-in role.')
param roleId string

@description('Names who holds the role, for ever: its principal cannot be changed, and that of a program is not known before the deployment.')
param holder string

@description('Principal id of the identity.')
param principalId string

@description('What the principal is; an identity of a program unless said otherwise.')
@allowed(['ServicePrincipal', 'Group', 'User'])
param principalType string = 'ServicePrincipal'

resource account 'Microsoft.Storage/storageAccounts@2026-09-01' existing = {
  name: accountName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource container 'containers' existing = {
      name: containerName
    }
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::container.id, holder, roleId)
  scope: account::blobs::container
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}
