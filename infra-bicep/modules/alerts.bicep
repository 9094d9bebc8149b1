metadata description = 'What operators are told of; docs/operations.md says what each means and what to do.'

@description('Suffix of the names.')
param suffix string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Resource id of the Service Bus namespace.')
param busId string

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

// Traces and metrics have the names of the code: metric ctseg.queue.age in seconds, ctseg.scans.ended by state.
var logAlerts = [
  {
    name: 'oldest-message'
    description: 'A request waits too long: the job does not start, has no quota, or is too slow.'
    severity: 2
    query: 'AppMetrics | where Name in ("ctseg.queue.age", "ctseg.scans.waiting") | summarize Oldest = max(Max) by bin(TimeGenerated, 5m) | where Oldest > ${oldestMessageMinutes * 60}'
    window: 'PT15M'
  }
  {
    name: 'failed-scans'
    description: 'More scans fail than usual: look at the reasons with dead-letters list and in the statuses.'
    severity: 2
    query: 'AppMetrics | where Name == "ctseg.scans.ended" | extend State = tostring(Properties["state"]) | summarize Failed = sumif(Sum, State == "failed"), All = sum(Sum) | where All >= 10 and 100.0 * Failed / All > ${failedScansPercent}'
    window: 'PT1H'
  }
  {
    name: 'job-failures'
    description: 'Executions of a job fail: it cannot start, or its container ends with an error.'
    severity: 1
    query: 'ContainerAppSystemLogs | where JobName in (${join(map(jobs, job => '"${job}"'), ', ')}) | where Reason in ("BackoffLimitExceeded", "Failed", "ImagePullFailure", "ContainerBackOff") | project TimeGenerated, JobName, Reason'
    window: 'PT15M'
  }
  {
    name: 'models-refused'
    description: 'A model was damaged, swapped or not signed and does not serve; the one before goes on.'
    severity: 1
    query: 'AppMetrics | where Name == "ctseg.models.refused" | where Sum > 0'
    window: 'PT15M'
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

resource deadLetters 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: 'alert-dead-letters-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    description: 'Messages were dead-lettered: see docs/operations.md, then dead-letters list.'
    severity: 2
    enabled: true
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    scopes: [busId]
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
          name: 'dead-letters'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          metricName: 'DeadletteredMessages'
          dimensions: [
            {
              name: 'EntityName'
              operator: 'Include'
              values: names.queues
            }
          ]
          operator: 'GreaterThan'
          threshold: 0
          timeAggregation: 'Maximum'
        }
      ]
    }
  }
}

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
            operator: 'GreaterThan'
            threshold: 0
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

@description('Names of the alerts.')
output names string[] = concat(['dead-letters'], map(logAlerts, alert => alert.name))
