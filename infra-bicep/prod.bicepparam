using 'main.bicep'

// A hospital's daily work: a GPU, copies in three buildings, models that somebody signed.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'prod')
param location = readEnvironmentVariable('AZURE_LOCATION', 'swedencentral')
param segmentationHardware = 'Consumption-GPU-NC8as-T4'
param storageSku = 'Standard_ZRS'
param softDeleteDays = 14
param logDays = 90
param logQuotaGb = 10
var contacts = readEnvironmentVariable('CTSEG_ALERT_CONTACTS', '')
param alertContacts = empty(contacts)
  ? fail('Say who is told of alerts: azd env set CTSEG_ALERT_CONTACTS one@hospital.example,two@hospital.example')
  : split(contacts, ',')
param uploadersGroupId = readEnvironmentVariable('CTSEG_UPLOADERS_GROUP', '')
param operatorsGroupId = readEnvironmentVariable('CTSEG_OPERATORS_GROUP', '')
param trustedModelKeys = readEnvironmentVariable('CTSEG_TRUSTED_MODEL_KEYS', '')
param signModels = readEnvironmentVariable('CTSEG_SIGN_MODELS', '') == 'true'
param monthlyBudget = 500
param budgetStart = readEnvironmentVariable('CTSEG_BUDGET_START', '')
param jobImage = readEnvironmentVariable('CTSEG_JOB_IMAGE', '')
