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
@allowed(['azuremonitor', 'blob', 'queue', 'namespace', 'registry', 'sites', 'vault'])
param part string

@description('Private DNS zones in which the resource is found.')
@minLength(1)
param zoneIds string[]

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
        for (zoneId, index) in zoneIds: {
          name: '${part}-${index}'
          properties: {
            #disable-next-line use-resource-id-functions // It is an item of a parameter.
            privateDnsZoneId: zoneId
          }
        }
      ]
    }
  }
}
