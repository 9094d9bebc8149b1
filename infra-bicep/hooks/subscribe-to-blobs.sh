#!/bin/sh
# Subscribes the functions to created blobs. It can only be done now: the webhook must answer, and its key exists once the functions are deployed.
set -eu
# In a private network Event Grid reaches no webhook: a queue tells the functions, and its subscriptions are there already.
[ "$CTSEG_EVENTS_BY_QUEUE" != true ] || exit 0
root=$(cd "$(dirname "$0")/../.." && pwd -P)
key=$(az functionapp keys list -g "$AZURE_RESOURCE_GROUP" -n "$CTSEG_FUNCTIONS_NAME" --query 'systemKeys.blobs_extension' -o tsv)
[ -n "$key" ] || { echo "The functions have no key blobs_extension yet: their host has not started. Look at its log, then run this hook again: azd hooks run postdeploy" >&2; exit 1; }
webhook() { printf 'https://%s/runtime/webhooks/blobs?functionName=Host.Functions.%s&code=%s' "$CTSEG_FUNCTIONS_HOST" "$1" "$key"; }
# In a file, since the arguments of a process can be read by others.
parameters=$(mktemp)
trap 'rm -f "$parameters"' EXIT
cat > "$parameters" << JSON
{
  "\$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {
    "storageName": { "value": "$CTSEG_STORAGE_ACCOUNT" },
    "topicName": { "value": "$CTSEG_EVENTS_TOPIC" },
    "webhooks": { "value": { "slices": "$(webhook PreprocessSlice)", "corrections": "$(webhook AcceptCorrection)" } }
  }
}
JSON
az deployment group create -g "$AZURE_RESOURCE_GROUP" -n event-subscriptions -f "$root/infra-bicep/event-subscriptions.bicep" -p "@$parameters" --output none
