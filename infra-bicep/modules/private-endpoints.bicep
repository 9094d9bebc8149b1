metadata description = 'The only ways to resources that are closed to the internet.'

@description('Resources: a name for the endpoint, the part that it leads to, the resource\'s id, and the private DNS zones it is found in.')
param endpoints { name: string, part: 'azuremonitor' | 'blob' | 'queue' | 'namespace' | 'registry' | 'sites' | 'vault', target: string, zones: string[] }[]

@description('Suffix of the names.')
param suffix string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Subnet of the endpoints.')
param subnetId string

// One by one: an account that has two of them cannot be given both at once (StorageAccountOperationInProgress).
@batchSize(1)
module privateEndpoints 'private-endpoint.bicep' = [
  for endpoint in endpoints: {
    params: {
      location: location
      name: 'pe-${endpoint.name}-${suffix}'
      part: endpoint.part
      subnetId: subnetId
      tags: tags
      targetId: endpoint.target
      zoneIds: endpoint.zones
    }
  }
]
