metadata description = 'Names of the apps of an environment that is closed to the internet, for the virtual network: nobody else answers for them.'

@description('Domain of the environment.')
param domain string

@description('Address of the environment in the network.')
param address string

@description('Resource id of the network.')
param networkId string

@description('Tags of every resource.')
param tags object

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: domain
  location: 'global'
  tags: tags

  resource apps 'A' = {
    name: '*'
    properties: {
      aRecords: [
        {
          ipv4Address: address
        }
      ]
      ttl: 3600
    }
  }

  resource link 'virtualNetworkLinks' = {
    name: 'link-environment'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        #disable-next-line use-resource-id-functions // It is a parameter.
        id: networkId
      }
    }
  }
}
