metadata description = 'The functions as a container app: where Flex Consumption is not offered, or everything must run in one environment.'

@description('Name of the app.')
param name string

@description('Blob endpoint of the host\'s storage account.')
param hostBlobEndpoint string

@description('Queue endpoint of the host\'s storage account.')
param hostQueueEndpoint string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Resource id of the Container Apps environment.')
param environmentId string

@description('Host name of the registry.')
param registryServer string

@description('Image with its digest or tag.')
param image string

@description('Resource id of the identity.')
param identityId string

@description('Client id of the identity.')
param identityClientId string

@description('Settings of the app.')
param settings object

@description('Instances at most.')
@minValue(1)
@maxValue(1000)
param maxInstances int

resource app 'Microsoft.App/containerApps@2026-07-01' = {
  name: name
  location: location
  // Without the tag of an azd service: azd deploys functions to Microsoft.Web/sites only, and refuses this.
  tags: tags
  kind: 'functionapp'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        allowInsecure: false
        // From outside the environment: whether that is the internet or the virtual network is said by the environment.
        external: true
        targetPort: 8080
      }
      registries: [
        {
          server: registryServer
          identity: identityId
        }
      ]
    }
    template: {
      containers: [
        {
          name: 'functions'
          image: image
          env: map(
            items(union(settings, {
              // By default keys lie on a disk that a restart empties, and the subscriptions with it.
              AzureWebJobsSecretStorageType: 'blob'
              AzureWebJobsStorage__blobServiceUri: hostBlobEndpoint
              AzureWebJobsStorage__clientId: identityClientId
              AzureWebJobsStorage__credential: 'managedidentity'
              AzureWebJobsStorage__queueServiceUri: hostQueueEndpoint
              FUNCTIONS_WORKER_RUNTIME: 'custom'
            })),
            setting => { name: setting.key, value: setting.value }
          )
          probes: [
            {
              type: 'Readiness'
              httpGet: {
                path: '/api/health'
                port: 8080
              }
              periodSeconds: 10
            }
          ]
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
        }
      ]
      scale: {
        // The platform makes no rules of triggers for an app with a user-assigned identity (github.com/microsoft/azure-container-apps, issue 1633): at none, no timer and no queue would wake it.
        minReplicas: 1
        maxReplicas: maxInstances
      }
    }
  }
}

@description('Name of the app.')
output name string = app.name

@description('Where the API is.')
output hostName string = app.properties.configuration.ingress.fqdn
