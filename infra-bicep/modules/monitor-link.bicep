metadata description = 'Lets telemetry and queries reach workspace and Application Insights from the private network only.'

@description('Suffix of the names.')
param suffix string

@description('Tags of every resource.')
param tags object

@description('Resource id of the workspace.')
param workspaceId string

@description('Resource id of Application Insights.')
param insightsId string

resource link 'Microsoft.Insights/privateLinkScopes@2021-09-01' = {
  name: 'ampls-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    accessModeSettings: {
      ingestionAccessMode: 'PrivateOnly'
      queryAccessMode: 'PrivateOnly'
    }
  }

  resource workspace 'scopedResources' = {
    name: 'workspace'
    properties: {
      linkedResourceId: workspaceId
    }
  }

  resource insights 'scopedResources' = {
    name: 'insights'
    properties: {
      linkedResourceId: insightsId
    }
  }
}

@description('Resource id.')
output id string = link.id
