metadata description = 'What operators are told of; docs/operations.md says what each means and what to do.'

@description('Suffix of the names.')
param suffix string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Resource id of the Service Bus namespace.')
param busId string

@description('Resource id of the Event Grid topic.')
param topicId string

@description('Resource id of the queues of the account with the data: the poison queues, and no others.')
param poisonQueuesId string

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('Names of the jobs.')
param jobs string[]

@description('Addresses that are told; none switches the group off.')
param contacts string[]

@description('Minutes that a request may wait in its queue.')
@minValue(5)
param oldestMessageMinutes int

@description('Share of scans that may fail within an hour, per cent.')
@minValue(1)
@maxValue(100)
param failedScansPercent int

var names = loadJsonContent('names.json')

var jobEvents = loadJsonContent('job-events.json')
var busMetrics = 'Microsoft.ServiceBus/namespaces'
var topicMetrics = 'Microsoft.EventGrid/systemTopics'

// A request that a job gave back after an eviction is old and no fault; so queues are watched by their metrics, and of the ages only one counts.
var metricAlerts = [
  {
    name: 'dead-letters'
    description: 'Messages were dead-lettered.'
    severity: 2
    scope: busId
    namespace: busMetrics
    metric: 'DeadletteredMessages'
    queues: map(items(names.queues), one => one.value)
    aggregation: 'Maximum'
    threshold: 0
    frequency: 'PT5M'
    window: 'PT5M'
  }
  {
    name: 'untaken-uploads'
    description: 'News of uploads has been in the queue for half an hour: the functions do not take it.'
    severity: 1
    scope: busId
    namespace: busMetrics
    metric: 'ActiveMessages'
    queues: [names.queues.uploadEvents]
    aggregation: 'Minimum'
    threshold: 0
    frequency: 'PT5M'
    window: 'PT30M'
  }
  {
    name: 'untaken-trainings'
    description: 'A training request has been in its queue for a day: no job takes it, or a training is longer than that.'
    severity: 2
    scope: busId
    namespace: busMetrics
    metric: 'ActiveMessages'
    queues: [names.queues.trainingRequests]
    aggregation: 'Minimum'
    threshold: 0
    frequency: 'PT1H'
    window: 'P1D'
  }
  {
    name: 'refused-events'
    description: 'The functions do not take the events of uploads; Event Grid tries for a day.'
    severity: 2
    scope: topicId
    namespace: topicMetrics
    metric: 'DeliveryAttemptFailCount'
    queues: []
    aggregation: 'Total'
    threshold: 5
    frequency: 'PT15M'
    window: 'PT1H'
  }
  {
    name: 'given-up-events'
    description: 'Event Grid gave events of uploads up.'
    severity: 1
    scope: topicId
    namespace: topicMetrics
    metric: 'DeadLetteredCount'
    queues: []
    aggregation: 'Total'
    threshold: 0
    frequency: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'lost-events'
    description: 'Event Grid dropped events of uploads, and kept no copy.'
    severity: 1
    scope: topicId
    namespace: topicMetrics
    metric: 'DroppedEventCount'
    queues: []
    aggregation: 'Total'
    threshold: 0
    frequency: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'poisoned-uploads'
    description: 'Uploads lie in a poison queue.'
    severity: 2
    scope: poisonQueuesId
    namespace: 'Microsoft.Storage/storageAccounts/queueServices'
    metric: 'QueueMessageCount'
    queues: []
    aggregation: 'Average'
    threshold: 0
    // It is measured once an hour.
    frequency: 'PT1H'
    window: 'PT1H'
  }
]

// Metrics have the names of the code: ctseg.queue.age in seconds, ctseg.scans.ended by state. Of a gauge the exporter sends a value and no maximum.
var logAlerts = [
  {
    name: 'functions-silent'
    description: 'The functions have not looked after waiting scans for half an hour: they do not run, or their telemetry does not arrive.'
    severity: 1
    query: 'AppMetrics | where Name == "ctseg.scans.waiting"'
    window: 'PT30M'
    operator: 'LessThan'
    threshold: 1
  }
  {
    name: 'oldest-message'
    description: 'A request waits too long: the job does not start, has no quota, or is too slow.'
    severity: 2
    query: 'AppMetrics | where Name == "ctseg.scans.waiting" or (Name == "ctseg.queue.age" and tostring(Properties["messaging.destination.name"]) == "${names.queues.segmentationRequests}") | extend Age = max_of(coalesce(Max, 0.0), iff(ItemCount > 1, Sum / ItemCount, Sum)) | summarize Oldest = max(Age) by bin(TimeGenerated, 5m) | where Oldest > ${oldestMessageMinutes * 60}'
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'failed-scans'
    description: 'More scans fail than usual: look at the reasons with dead-letters list and in the statuses.'
    severity: 2
    query: 'AppMetrics | where Name == "ctseg.scans.ended" | extend State = tostring(Properties["state"]) | summarize Failed = sumif(Sum, State == "failed"), All = sum(Sum) | where All >= 10 and 100.0 * Failed / All > ${failedScansPercent}'
    window: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'job-failures'
    description: 'Executions of a job fail: it cannot start, or its container ends with an error.'
    severity: 1
    query: 'ContainerAppSystemLogs | where JobName in (${join(map(jobs, job => '"${job}"'), ', ')}) | where Reason in (${join(map(items(jobEvents.failures), one => '"${one.key}"'), ', ')}) or (Reason == "${jobEvents.ended}" and Log !contains "${jobEvents.endedWell}") | project TimeGenerated, JobName, Reason'
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'models-refused'
    description: 'A model was damaged, swapped or not signed and does not serve; the one before goes on.'
    severity: 1
    query: 'AppMetrics | where Name == "ctseg.models.refused" | where Sum > 0'
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
  }
]

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    enabled: !empty(contacts)
    groupShortName: 'ctseg'
    emailReceivers: [
      for (contact, index) in contacts: {
        name: 'operator-${index}'
        emailAddress: contact
        useCommonAlertSchema: true
      }
    ]
  }
}

resource metrics 'Microsoft.Insights/metricAlerts@2026-01-01' = [
  for alert in metricAlerts: {
    name: 'alert-${alert.name}-${suffix}'
    location: 'global'
    tags: tags
    properties: {
      description: '${alert.description} See docs/operations.md.'
      severity: alert.severity
      enabled: true
      autoMitigate: true
      evaluationFrequency: alert.frequency
      windowSize: alert.window
      scopes: [alert.scope]
      actions: [
        {
          actionGroupId: operators.id
        }
      ]
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: alert.name
            metricNamespace: alert.namespace
            metricName: alert.metric
            dimensions: empty(alert.queues) ? [] : [
              {
                name: 'EntityName'
                operator: 'Include'
                values: alert.queues
              }
            ]
            operator: 'GreaterThan'
            threshold: alert.threshold
            timeAggregation: alert.aggregation
          }
        ]
      }
    }
  }
]

resource queries 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in logAlerts: {
    name: 'alert-${alert.name}-${suffix}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      description: alert.description
      severity: alert.severity
      enabled: true
      evaluationFrequency: 'PT5M'
      windowSize: alert.window
      scopes: [workspaceId]
      autoMitigate: true
      actions: {
        actionGroups: [operators.id]
      }
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: alert.operator
            threshold: alert.threshold
            failingPeriods: {
              minFailingPeriodsToAlert: 1
              numberOfEvaluationPeriods: 1
            }
          }
        ]
      }
      // The tables come with the first telemetry, after the deployment.
      skipQueryValidation: true
    }
  }
]
