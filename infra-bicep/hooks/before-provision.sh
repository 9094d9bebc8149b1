#!/usr/bin/env bash
# Keeps what an earlier deployment chose, which a new machine does not know, and forgets what went with a deployment that was removed, which this one still knows.
set -euo pipefail
group=rg-ctseg-$AZURE_ENV_NAME
subscription=${AZURE_SUBSCRIPTION_ID:-}

# azd takes more than the names of resources may hold; found later, half of them would be there.
if ! [[ $AZURE_ENV_NAME =~ ^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$ ]]; then
    echo "The environment is called '$AZURE_ENV_NAME', and resources bear its name: take a letter and at most 11 small letters, digits and hyphens, the last no hyphen (azd env new NAME)." >&2
    exit 1
fi

deployed=false
if [ -n "$subscription" ]; then deployed=$(az group exists --subscription "$subscription" -n "$group"); fi

# What is deployed, or nothing.
ask() {
    answer=
    if [ "$deployed" = true ]; then answer=$("$@" -o tsv); fi
    if [ "$answer" = None ]; then answer=; fi
}

# The first day of a budget that is there cannot be changed, and that of a new one must not be past.
budgets=https://management.azure.com/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.Consumption/budgets?api-version=2023-11-01
ask az rest --method get --url "$budgets" --query "value[?name=='ctseg'].properties.timePeriod.startDate | [0]"
start=${answer%%T*}
if [ -z "$start" ]; then
    start=$(date -u +%Y-%m-01)
    if [[ ${CTSEG_BUDGET_START:-} > $start ]]; then start=$CTSEG_BUDGET_START; fi
fi
if [ "$start" != "${CTSEG_BUDGET_START:-}" ]; then azd env set CTSEG_BUDGET_START "$start"; fi

# The registry goes with its group: its images are gone, even where a new one has its name.
forget_removed() {
    if [ -n "$subscription" ] && [ "$deployed" != true ] && [[ ${!1:-} == crctseg*.azurecr.io/* ]]; then azd env set "$1" ''; fi
}

if [ -z "${CTSEG_JOB_IMAGE:-}" ]; then
    # Without an image the template would take the placeholder again.
    ask az containerapp job list --subscription "$subscription" -g "$group" --query "[?name=='job-segmentation-$AZURE_ENV_NAME'].properties.template.containers[0].image | [0]"
    case $answer in
        '' | */k8se/quickstart*) ;;
        *) azd env set CTSEG_JOB_IMAGE "$answer" ;;
    esac
else
    forget_removed CTSEG_JOB_IMAGE
fi

if [ -z "${CTSEG_FUNCTIONS_IMAGE:-}" ]; then
    ask az containerapp list --subscription "$subscription" -g "$group" --query "[?name=='func-ctseg-$AZURE_ENV_NAME'].properties.template.containers[0].image | [0]"
    if [ -n "$answer" ]; then azd env set CTSEG_FUNCTIONS_IMAGE "$answer"; fi
else
    forget_removed CTSEG_FUNCTIONS_IMAGE
fi
