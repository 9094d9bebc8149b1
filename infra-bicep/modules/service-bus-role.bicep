metadata description = 'A role on one queue.'

@description('Name of the namespace.')
param namespaceName string

@description('Name of the queue.')
param queueName string

@description('Id of the built-in role.')
param roleId string

@description('Names who holds the role, for ever: its principal cannot be changed, and that of a program is not known before the deployment.')
param holder string

@description('Principal id of the identity.')
param principalId string

@description('What the principal is; an identity of a program unless said otherwise.')
@allowed(['ServicePrincipal', 'Group', 'User'])
param principalType string = 'ServicePrincipal'

resource bus 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = {
  name: namespaceName

  resource queue 'queues' existing = {
    name: queueName
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(bus::queue.id, holder, roleId)
  scope: bus::queue
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}
