#!/usr/bin/env bash
# Builds the images and gives them by digest to the jobs, and to the next provisioning for functions that are a container app: a tag may come to mean another image, a digest may not.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
registry=${AZURE_CONTAINER_REGISTRY_ENDPOINT%%.*}

fail() { echo "$*" >&2; exit 1; }

# The registry's own builders cannot reach it where it is closed: then this machine builds, which must be in the network.
build=${CTSEG_BUILD:-}
if [ -z "$build" ]; then
    if [ "$CTSEG_EVENTS_BY_QUEUE" = true ]; then build=local; else build=cloud; fi
fi
case $build in
    cloud) ;;
    local)
        docker info > /dev/null 2>&1 || fail "The images are built on this machine, and docker does not answer. Start it, or give images that are there: azd env set CTSEG_BUILD no, azd env set CTSEG_JOB_IMAGE REGISTRY/NAME@sha256:DIGEST." ;;
    no)
        # The template has given them already.
        [ -n "${CTSEG_JOB_IMAGE:-}" ] || fail "CTSEG_BUILD is no, and CTSEG_JOB_IMAGE names no image: the jobs have a placeholder that does nothing."
        [ "$CTSEG_FUNCTIONS_HOSTING" != ContainerApp ] || [ -n "${CTSEG_FUNCTIONS_IMAGE:-}" ] || fail "CTSEG_BUILD is no, and CTSEG_FUNCTIONS_IMAGE names no image: there are no functions."
        exit 0 ;;
    *) fail "CTSEG_BUILD is '$build': it must be cloud, local or no." ;;
esac

# The sources of the images; the rest may differ from the commit.
sources=(functions training-job shared build Directory.Build.props Directory.Packages.props global.json host.json)
tag=$(date -u +%Y%m%d%H%M%S)
revision=
if command -v git > /dev/null && git -C "$root" rev-parse --git-dir > /dev/null 2>&1; then
    revision=$(git -C "$root" rev-parse HEAD)
    changed=$(git -C "$root" status --porcelain -- "${sources[@]}")
    if [ -n "$changed" ]; then revision=$revision-dirty; else tag=${revision:0:12}; fi
fi

arguments=(--build-arg "REVISION=$revision")
for pinned in ${CTSEG_BUILD_ARGS:-}; do arguments+=(--build-arg "$pinned"); done

# Leaves the address in $image. Not in a subshell, in which a failure would go unseen.
build_image() {
    local name=$1 file=$2 digest
    if [ "$build" = cloud ]; then
        (cd "$root" && az acr build --subscription "$AZURE_SUBSCRIPTION_ID" -r "$registry" -t "$name:$tag" -f "$file" --platform linux/amd64 "${arguments[@]}" .)
    else
        docker build --platform linux/amd64 -t "$AZURE_CONTAINER_REGISTRY_ENDPOINT/$name:$tag" -f "$root/$file" "${arguments[@]}" "$root"
        docker push "$AZURE_CONTAINER_REGISTRY_ENDPOINT/$name:$tag"
    fi
    digest=$(az acr manifest show-metadata --subscription "$AZURE_SUBSCRIPTION_ID" -r "$registry" -n "$name:$tag" --query digest -o tsv)
    [ -n "$digest" ] || fail "The registry has no digest for $name:$tag."
    image=$AZURE_CONTAINER_REGISTRY_ENDPOINT/$name@$digest
}

if [ "$build" = local ]; then az acr login --subscription "$AZURE_SUBSCRIPTION_ID" -n "$registry"; fi

build_image ctseg-job "training-job/Dockerfile.$CTSEG_JOB_BACKEND"
for job in "$CTSEG_SEGMENTATION_JOB" "$CTSEG_RETRAINING_JOB"; do
    az containerapp job update --subscription "$AZURE_SUBSCRIPTION_ID" -g "$AZURE_RESOURCE_GROUP" -n "$job" --image "$image" --output none
done
# The next provisioning keeps it.
azd env set CTSEG_JOB_IMAGE "$image"

if [ "$CTSEG_FUNCTIONS_HOSTING" = ContainerApp ]; then
    build_image ctseg-functions functions/Dockerfile
    azd env set CTSEG_FUNCTIONS_IMAGE "$image"
    # An update of the image alone is refused (microsoft/azure-container-apps, 1560): the template gives it to the app.
    echo "The functions have a new image. Give it to their app: CTSEG_BUILD=no azd provision, then azd hooks run postdeploy."
fi
