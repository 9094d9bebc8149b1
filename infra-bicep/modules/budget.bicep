metadata description = 'Tells when a month becomes dearer than it was meant to be. Nothing is stopped by it.'

@description('Amount a month, in the currency of the subscription.')
@minValue(1)
param amount int

@description('First day from which it counts, yyyy-MM-01.')
@minLength(10)
param startDate string

@description('Addresses that are told.')
@minLength(1)
param contacts string[]

resource budget 'Microsoft.Consumption/budgets@2026-06-01' = {
  name: 'ctseg'
  properties: {
    amount: amount
    category: 'Cost'
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: startDate
    }
    notifications: {
      mostIsSpent: {
        contactEmails: contacts
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
      }
      willBeTooMuch: {
        contactEmails: contacts
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
      }
    }
  }
}
