metadata description = 'The job that segments: none while no message waits, then as many as the messages need, each until it finds none any more.'

@description('Name of the job.')
param name string

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

@description('For the setting SlicesStorage__blobServiceUri.')
param blobEndpoint string

@description('For the setting ServiceBus__fullyQualifiedNamespace.')
param busNamespace string

@description('Name of the namespace, for the scaler.')
param busName string

@description('Settings of telemetry: where it is sent.')
param telemetry object

@description('Whether the job runs on the profile gpu, or on CPUs.')
param onGpu bool

@description('Processors of a replica on CPUs.')
@allowed(['1.0', '2.0', '4.0'])
param cpu string

@description('Memory of a replica on CPUs.')
@allowed(['2Gi', '4Gi', '8Gi'])
param memory string

@description('Waiting messages for which one more execution is started; docs/scaling.md.')
@minValue(1)
param messagesPerExecution int

@description('Executions at the same time at most; on a GPU each takes one from the quota.')
@minValue(1)
param maxExecutions int

@description('Messages that the job takes at a time.')
@minValue(1)
@maxValue(256)
param batch int

@description('Seconds without a message after which an execution ends.')
@minValue(1)
param idleSeconds int

@description('Seconds after which an execution is ended in any case; its messages come again.')
@minValue(60)
param timeoutSeconds int

@description('Public keys of which one must have signed a model, in PEM; empty where none is needed.')
param trustedModelKeys string

var keys = empty(trustedModelKeys) ? [] : [
  {
    name: 'TrustedModelKeys'
    value: trustedModelKeys
  }
]

resource job 'Microsoft.App/jobs@2026-07-01' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: onGpu ? 'gpu' : 'Consumption'
    configuration: {
      triggerType: 'Event'
      replicaRetryLimit: 1
      replicaTimeout: timeoutSeconds
      registries: [
        {
          server: registryServer
          identity: identityId
        }
      ]
      eventTriggerConfig: {
        parallelism: 1
        replicaCompletionCount: 1
        scale: {
          minExecutions: 0
          maxExecutions: maxExecutions
          pollingInterval: 30
          rules: [
            {
              name: 'requests'
              type: 'azure-servicebus'
              identity: identityId
              metadata: {
                messageCount: string(messagesPerExecution)
                namespace: busName
                queueName: loadJsonContent('names.json').queues.segmentationRequests
              }
            }
          ]
        }
      }
    }
    template: {
      containers: [
        {
          name: 'ctseg-job'
          image: image
          args: ['consume', '--batch', string(batch), '--idle-seconds', string(idleSeconds)]
          env: concat(
            [
              {
                name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
                value: 'ClientId=${identityClientId};Authorization=AAD'
              }
              {
                name: 'AZURE_CLIENT_ID'
                value: identityClientId
              }
              {
                // Without it the memory of one slice is not kept for the next.
                name: 'MALLOC_ARENA_MAX'
                value: '1'
              }
              {
                name: 'ServiceBus__credential'
                value: 'managedidentity'
              }
              {
                name: 'ServiceBus__fullyQualifiedNamespace'
                value: busNamespace
              }
              {
                name: 'SlicesStorage__blobServiceUri'
                value: blobEndpoint
              }
              {
                name: 'SlicesStorage__credential'
                value: 'managedidentity'
              }
            ],
            map(items(telemetry), setting => { name: setting.key, value: setting.value }),
            keys
          )
          resources: {
            cpu: json(onGpu ? '8.0' : cpu)
            memory: onGpu ? '56Gi' : memory
          }
        }
      ]
    }
  }
}

@description('Name of the job.')
output name string = job.name
