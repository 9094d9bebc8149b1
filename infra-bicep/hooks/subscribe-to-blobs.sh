#!/usr/bin/env bash
# Subscribes the functions to created blobs. It can only be done now: the webhook must answer, and its key exists once the functions have started.
set -euo pipefail
# In a private network Event Grid reaches no webhook: a queue tells the functions, and its subscriptions are there already.
[ "$CTSEG_EVENTS_BY_QUEUE" != true ] || exit 0
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

fail() { echo "$*" >&2; exit 1; }

[ -n "${CTSEG_FUNCTIONS_NAME:-}" ] || fail "There are no functions yet: run azd provision once more, now that they have an image."

# In files, since the arguments of a process can be read by others.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Instances that nobody calls are taken away, and keys can be read of a running host only.
wake() { curl -fsS -m 60 -o /dev/null "https://$CTSEG_FUNCTIONS_HOST/api/health" 2> "$folder/health" || true; }

read_key() {
    if [ "$CTSEG_FUNCTIONS_HOSTING" = ContainerApp ]; then
        az containerapp function keys list --subscription "$AZURE_SUBSCRIPTION_ID" -g "$AZURE_RESOURCE_GROUP" -n "$CTSEG_FUNCTIONS_NAME" --key-type systemKey --query "(value.keys || keys)[?name=='blobs_extension'].value | [0]" -o tsv
    else
        az functionapp keys list --subscription "$AZURE_SUBSCRIPTION_ID" -g "$AZURE_RESOURCE_GROUP" -n "$CTSEG_FUNCTIONS_NAME" --query systemKeys.blobs_extension -o tsv
    fi
}

key=
for try in {1..60}; do
    wake
    if key=$(read_key 2> "$folder/keys") && [ -n "$key" ] && [ "$key" != None ]; then break; fi
    key=
    if [ "$try" -eq 1 ]; then echo "Waiting for the functions to start, ten minutes at most."; fi
    sleep 10
done
[ -n "$key" ] || fail "After ten minutes the functions have no key blobs_extension: their host has not started. Look at its log, then run this hook again: azd hooks run postdeploy. $(tail -n 1 "$folder/health") $(tail -n 1 "$folder/keys")"

webhook() { printf 'https://%s/runtime/webhooks/blobs?functionName=Host.Functions.%s&code=%s' "$CTSEG_FUNCTIONS_HOST" "$1" "$key"; }
cat > "$folder/parameters.json" << JSON
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
# Event Grid calls each webhook once before it subscribes it, and gives up soon.
for try in {1..5}; do
    wake
    if az deployment group create --subscription "$AZURE_SUBSCRIPTION_ID" -g "$AZURE_RESOURCE_GROUP" -n event-subscriptions -f "$root/infra-bicep/event-subscriptions.bicep" -p "@$folder/parameters.json" --output none; then exit 0; fi
    if [ "$try" -lt 5 ]; then sleep 30; fi
done
fail "The webhooks of the functions could not be subscribed in five tries; the reasons stand above. Look at the functions' log, then run this hook again: azd hooks run postdeploy."
