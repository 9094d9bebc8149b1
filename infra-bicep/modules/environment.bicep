metadata description = 'Where the containers run: consumption for CPUs, and a profile with a GPU where one is asked for.'

@description('Name of the environment.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('Processors, or the workload profile with a GPU.')
@allowed(['Cpu', 'Consumption-GPU-NC8as-T4', 'Consumption-GPU-NC24-A100'])
param hardware string

@description('Whether anybody on the internet may reach what runs here, or the virtual network only.')
param publicNetworkAccess bool

@description('Subnet of the environment where only the virtual network may reach it; else empty.')
param subnetId string

var consumption = [
  {
    name: 'Consumption'
    workloadProfileType: 'Consumption'
  }
]

resource environment 'Microsoft.App/managedEnvironments@2026-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: {
      destination: 'azure-monitor'
    }
    publicNetworkAccess: publicNetworkAccess ? 'Enabled' : 'Disabled'
    vnetConfiguration: publicNetworkAccess ? null : {
      infrastructureSubnetId: subnetId
      internal: true
    }
    workloadProfiles: hardware == 'Cpu' ? consumption : concat(consumption, [
      {
        name: 'gpu'
        workloadProfileType: hardware
      }
    ])
    zoneRedundant: false
  }
}

#disable-next-line use-recent-api-versions // See storage.bicep.
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: environment
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'ContainerAppConsoleLogs'
        enabled: true
      }
      {
        category: 'ContainerAppSystemLogs'
        enabled: true
      }
    ]
  }
}

@description('Resource id.')
output id string = environment.id

@description('Domain of the names of its apps.')
output defaultDomain string = environment.properties.defaultDomain

@description('Address of its apps.')
output staticIp string = environment.properties.staticIp
