#!/usr/bin/env bash
# Keeps what an earlier deployment chose. A new machine has no environment of azd: without these values the template would take the placeholder for the jobs' image, and another first day for the budget, which a budget that exists does not take.
set -euo pipefail
group=rg-ctseg-$AZURE_ENV_NAME
subscription=${AZURE_SUBSCRIPTION_ID:-}

deployed=false
if [ -n "$subscription" ]; then deployed=$(az group exists --subscription "$subscription" -n "$group"); fi

# What is deployed, or nothing.
ask() {
    answer=
    if [ "$deployed" = true ]; then answer=$("$@" -o tsv); fi
    if [ "$answer" = None ]; then answer=; fi
}

if [ -z "${CTSEG_BUDGET_START:-}" ]; then
    budgets=https://management.azure.com/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.Consumption/budgets?api-version=2023-11-01
    ask az rest --method get --url "$budgets" --query "value[?name=='ctseg'].properties.timePeriod.startDate | [0]"
    start=${answer%%T*}
    azd env set CTSEG_BUDGET_START "${start:-$(date -u +%Y-%m-01)}"
fi

if [ -z "${CTSEG_JOB_IMAGE:-}" ]; then
    ask az containerapp job list --subscription "$subscription" -g "$group" --query "[?name=='job-segmentation-$AZURE_ENV_NAME'].properties.template.containers[0].image | [0]"
    case $answer in
        '' | */k8se/quickstart*) ;;
        *) azd env set CTSEG_JOB_IMAGE "$answer" ;;
    esac
fi

if [ -z "${CTSEG_FUNCTIONS_IMAGE:-}" ]; then
    ask az containerapp list --subscription "$subscription" -g "$group" --query "[?name=='func-ctseg-$AZURE_ENV_NAME'].properties.template.containers[0].image | [0]"
    if [ -n "$answer" ]; then azd env set CTSEG_FUNCTIONS_IMAGE "$answer"; fi
fi
