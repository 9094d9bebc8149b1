using 'event-subscriptions.bicep'

// What the tests look at; the hook that deploys the template gives the true ones.
param topicName = 'evgt-example'
param storageName = 'stctsegexample'
param webhooks = {
  slices: 'https://functions.example.org/slices'
  corrections: 'https://functions.example.org/corrections'
}
