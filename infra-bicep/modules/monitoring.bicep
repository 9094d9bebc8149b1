metadata description = 'Logs, traces and metrics of everything.'

@description('Suffix of the names.')
param suffix string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Days for which logs and traces are kept.')
@minValue(30)
@maxValue(730)
param retentionDays int

@description('Gigabytes a day after which no more is taken in, so that a fault does not cost a fortune.')
@minValue(1)
param dailyQuotaGb int

@description('Whether anybody on the internet may ask and send, or only who comes through a private link.')
param publicNetworkAccess bool

@description('Who may send telemetry: name of the program and principal id of its identity.')
param telemetrySenders { program: string, principalId: string }[]

var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: 'log-${suffix}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    features: {
      disableLocalAuth: true
    }
    publicNetworkAccessForIngestion: publicNetworkAccess ? 'Enabled' : 'Disabled'
    publicNetworkAccessForQuery: publicNetworkAccess ? 'Enabled' : 'Disabled'
    workspaceCapping: {
      dailyQuotaGb: dailyQuotaGb
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${suffix}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    DisableLocalAuth: true
    IngestionMode: 'LogAnalytics'
    WorkspaceResourceId: workspace.id
    publicNetworkAccessForIngestion: publicNetworkAccess ? 'Enabled' : 'Disabled'
    publicNetworkAccessForQuery: publicNetworkAccess ? 'Enabled' : 'Disabled'
  }
}

resource send 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for sender in telemetrySenders: {
    name: guid(insights.id, sender.program, metricsPublisher)
    scope: insights
    properties: {
      principalId: sender.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
    }
  }
]

@description('Resource id of the workspace.')
output workspaceId string = workspace.id

@description('Resource id of Application Insights.')
output insightsId string = insights.id

@description('Where telemetry is sent; no secret: local authentication is off, so an identity is needed.')
output insightsConnection string = insights.properties.ConnectionString
