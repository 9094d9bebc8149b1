#!/bin/sh
# Builds the image of the jobs in the registry and gives it to both jobs, by its digest: a tag may come to mean another image, a digest may not.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd -P)
registry=${AZURE_CONTAINER_REGISTRY_ENDPOINT%%.*}
backend=cpu
[ "$(az containerapp job show -g "$AZURE_RESOURCE_GROUP" -n "$CTSEG_SEGMENTATION_JOB" --query properties.workloadProfileName -o tsv)" = gpu ] && backend=cuda
tag=$(git -C "$root" rev-parse --short=12 HEAD 2> /dev/null || date -u +%Y%m%d%H%M%S)
az acr build -r "$registry" -t "ctseg-job:$tag" -f "$root/training-job/Dockerfile.$backend" "$root"
digest=$(az acr manifest show-metadata -r "$registry" -n "ctseg-job:$tag" --query digest -o tsv)
image=$AZURE_CONTAINER_REGISTRY_ENDPOINT/ctseg-job@$digest
for job in "$CTSEG_SEGMENTATION_JOB" "$CTSEG_RETRAINING_JOB"; do
    az containerapp job update -g "$AZURE_RESOURCE_GROUP" -n "$job" --image "$image" --output none
done
# The next provisioning keeps it.
azd env set CTSEG_JOB_IMAGE "$image"
