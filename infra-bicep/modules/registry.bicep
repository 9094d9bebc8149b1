metadata description = 'The registry of the container images, which only identities may pull from.'

@description('Name of the registry, 5 to 50 letters and digits, unique in the world.')
@minLength(5)
@maxLength(50)
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Premium is needed for private endpoints.')
@allowed(['Basic', 'Standard', 'Premium'])
param tier string

@description('Whether anybody on the internet may knock (identities are asked for all the same), or private endpoints only.')
param publicNetworkAccess bool

@description('Who may pull images: name of the program and principal id of its identity.')
param pullers { program: string, principalId: string }[]

var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: tier
  }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
    dataEndpointEnabled: false
    networkRuleBypassOptions: 'AzureServices'
    publicNetworkAccess: publicNetworkAccess ? 'Enabled' : 'Disabled'
  }
}

resource pull 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for puller in pullers: {
    name: guid(registry.id, puller.program, acrPull)
    scope: registry
    properties: {
      principalId: puller.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
    }
  }
]

@description('Resource id.')
output id string = registry.id

@description('Host name, in front of an image.')
output loginServer string = registry.properties.loginServer
