metadata description = 'A storage queue with a role on it.'

@description('Name of the storage account.')
param accountName string

@description('Name of the queue.')
param queueName string

@description('Id of the built-in role.')
param roleId string

@description('Names who holds the role, for ever; a principal id is not known before the deployment.')
param holder string

@description('Principal id of the identity.')
param principalId string

resource account 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: accountName

  resource queueService 'queueServices' existing = {
    name: 'default'
  }
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2026-06-01' = {
  parent: account::queueService
  name: queueName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(queue.id, holder, roleId)
  scope: queue
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}
