using 'main.bicep'

// A hospital's daily work: a GPU, copies in three buildings, models that somebody signed.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'prod')
param location = readEnvironmentVariable('AZURE_LOCATION', 'swedencentral')
param segmentationHardware = 'Consumption-GPU-NC8as-T4'
param storageSku = 'Standard_ZRS'
param softDeleteDays = 14
param logDays = 90
param logQuotaGb = 10
param alertContacts = split(readEnvironmentVariable('CTSEG_ALERT_CONTACTS', 'operators@example.org'), ',')
param uploadersGroupId = readEnvironmentVariable('CTSEG_UPLOADERS_GROUP', '')
param operatorsGroupId = readEnvironmentVariable('CTSEG_OPERATORS_GROUP', '')
param trustedModelKeys = readEnvironmentVariable('CTSEG_TRUSTED_MODEL_KEYS', '')
param signModels = readEnvironmentVariable('CTSEG_SIGN_MODELS', '') == 'true'
param monthlyBudget = 500
param jobImage = readEnvironmentVariable('CTSEG_JOB_IMAGE', 'mcr.microsoft.com/k8se/quickstart-jobs:latest')
