metadata description = 'The only way to a resource that is closed to the internet.'

@description('Name of the endpoint.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Subnet of the endpoint.')
param subnetId string

@description('Resource that it leads to.')
param targetId string

@description('Part of the resource.')
@allowed(['blob', 'queue', 'namespace', 'registry', 'sites'])
param part string

@description('Private DNS zone in which the resource is found.')
param zoneId string

resource endpoint 'Microsoft.Network/privateEndpoints@2026-03-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    privateLinkServiceConnections: [
      {
        name: part
        properties: {
          groupIds: [part]
          privateLinkServiceId: targetId
        }
      }
    ]
    subnet: {
      id: subnetId
    }
  }

  resource zones 'privateDnsZoneGroups' = {
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: part
          properties: {
            privateDnsZoneId: zoneId
          }
        }
      ]
    }
  }
}
